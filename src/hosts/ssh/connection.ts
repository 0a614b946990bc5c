/** A connection that comes back: dialled when it is needed, and again when it broke since. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'ssh2';
import { SealerError } from '../../error.ts';

export interface ConnectionOptions {
  dial(signal: AbortSignal | undefined): Promise<Client>;
  /** How long a host that was there before may be away, in milliseconds: a reboot, a restart of its network. */
  readonly reconnectMs: number;
}

const FIRST_PAUSE_MS = 250;
const SLOWEST_MS = 10_000;

/** A connection with a life of its own. Disposing closes it for good. */
export class Connection implements AsyncDisposable {
  readonly #options: ConnectionOptions;
  #client: Promise<Client> | undefined;
  #wasThere = false;
  #isClosed = false;
  readonly #close = new AbortController();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The live connection; a broken one is made again. @throws what dialling throws, and the signal's reason */
  async get(signal?: AbortSignal): Promise<Client> {
    if (this.#isClosed) throw new Error('The connection was closed');
    this.#client ??= this.#open();
    if (signal === undefined) return await this.#client;
    signal.throwIfAborted();
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#client, promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#close.abort(new Error('The connection was closed'));
    const client = await this.#client?.catch(() => undefined);
    if (client === undefined) return;
    const closed = new Promise<void>((resolve) => client.once('close', () => resolve()));
    client.end();
    // A host that is gone does not say goodbye.
    await Promise.race([closed, sleep(1000, undefined, { ref: false })]);
    client.destroy();
  }

  async #open(): Promise<Client> {
    try {
      const client = await (this.#wasThere ? this.#redial() : this.#options.dial(this.#close.signal));
      this.#wasThere = true;
      const forget = (): void => {
        if (this.#current === client) this.#client = undefined;
      };
      this.#current = client;
      client.once('close', forget);
      client.on('error', () => {
        forget();
        client.destroy();
      });
      return client;
    } catch (error) {
      this.#client = undefined;
      throw error;
    }
  }

  #current: Client | undefined;

  /** Only what time can mend is tried again: not a refused login, and never a changed key. */
  async #redial(): Promise<Client> {
    const deadline = performance.now() + this.#options.reconnectMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, SLOWEST_MS)) {
      try {
        return await this.#options.dial(this.#close.signal);
      } catch (error) {
        const mayPass = error instanceof SealerError && error.code === 'HOST_UNREACHABLE';
        if (!mayPass || performance.now() + pause > deadline) throw error;
        await sleep(pause, undefined, { signal: this.#close.signal });
      }
    }
  }
}
