/** Processes of a host over one SSH connection. */

import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ClientChannel } from 'ssh2';
import { forwardByProcess } from '../command/forward-by-process.ts';
import type { Link, LinkedProcess, ProcessEnd, StartOptions } from '../command/link.ts';
import { LINK_TRIES } from '../files/again.ts';
import type { Connection } from './connection.ts';
import { type Target, unreachable } from './dial.ts';
import { Turns } from './turns.ts';

export interface SshLinkOptions {
  readonly connection: Connection;
  readonly sudoPassword: string | undefined;
  /** Let go of with the link: the jump hosts. */
  readonly onDispose: () => Promise<void>;
}

/** sshd's MaxSessions is 10 unless somebody changed it; two are kept for ending what runs in the others. */
const SESSIONS = 8;
const URGENT_SESSIONS = 2;
const SLOWEST_MS = 500;
/** How long a host that runs nothing of ours may refuse to run something. */
const REFUSED_MS = 10_000;

export class SshLink implements Link {
  readonly address: string;
  readonly label: string;
  readonly user: string;
  readonly sudoPassword: string | undefined;
  readonly #target: Target;
  readonly #options: SshLinkOptions;
  readonly #turns = new Turns(SESSIONS);
  readonly #urgentTurns = new Turns(URGENT_SESSIONS);
  #sessions = 0;

  constructor(target: Target, options: SshLinkOptions) {
    this.address = target.address;
    this.label = target.label;
    this.user = target.user;
    this.sudoPassword = options.sudoPassword;
    this.#target = target;
    this.#options = options;
  }

  async start(argv: readonly [string, ...string[]], { signal, isUrgent }: StartOptions): Promise<LinkedProcess> {
    const giveBack = await (isUrgent === true ? this.#urgentTurns : this.#turns).take(signal);
    try {
      return await this.#openSession(argv, giveBack, signal);
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  async forward(address: string, port: number): Promise<Duplex> {
    const client = await this.#options.connection.get();
    const { promise, resolve, reject } = Promise.withResolvers<ClientChannel>();
    try {
      client.forwardOut('127.0.0.1', 0, address, port, (error, channel) =>
        error === undefined || error === null ? resolve(channel) : reject(error),
      );
      return closing(await promise);
    } catch (error) {
      // AllowTcpForwarding no: a process of the host can still connect.
      if (isProhibited(error)) return await forwardByProcess(this, address, port);
      throw unreachable({ label: `${address}:${port}, from ${this.label},`, port }, error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#options.connection[Symbol.asyncDispose]();
    await this.#options.onDispose();
  }

  /**
   * sshd counts a session until it has swept up after its end, so that one too many may be refused for a moment; and
   * its administrator may allow fewer than we count on. And that a connection broke may show only now. Asking again is
   * safe: the launcher does nothing before it has read, and nothing is written before its session is there.
   */
  async #openSession(
    argv: readonly string[],
    giveBack: () => void,
    signal: AbortSignal | undefined,
  ): Promise<LinkedProcess> {
    let waited = 0;
    let broken = 0;
    for (let pause = 10; ; pause = Math.min(2 * pause, SLOWEST_MS)) {
      const client = await this.#options.connection.get(signal);
      try {
        return await this.#exec(client, argv, giveBack);
      } catch (error) {
        if (isLate(error) && ++broken <= LINK_TRIES) continue;
        if (!isRefused(error) || waited > REFUSED_MS) throw unreachable(this.#target, error);
        await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => signal?.throwIfAborted());
        // As long as others of ours run, it is for their end that we wait.
        waited = this.#sessions > 0 ? 0 : waited + pause;
      }
    }
  }

  /** Listens within the callback: the exit may come in the same packet as the session, and is told once. */
  async #exec(client: Client, argv: readonly string[], giveBack: () => void): Promise<LinkedProcess> {
    const { promise, resolve, reject } = Promise.withResolvers<LinkedProcess>();
    client.exec(`exec ${argv.map(quote).join(' ')}`, (error, channel) =>
      error === undefined || error === null ? resolve(this.#linked(channel, giveBack)) : reject(error),
    );
    return await promise;
  }

  #linked(channel: ClientChannel, giveBack: () => void): LinkedProcess {
    const exited = Promise.withResolvers<ProcessEnd>();
    exited.promise.catch(() => {});
    const closed = Promise.withResolvers<void>();
    channel.once('exit', (code: number | null, signal?: string) => exited.resolve({ code: code ?? undefined, signal }));
    this.#sessions++;
    channel.once('close', () => {
      this.#sessions--;
      giveBack();
      closed.resolve();
      exited.reject(unreachable(this.#target, new Error('the connection broke off')));
    });
    // Errors of a channel are the connection's, and it ends with it.
    channel.on('error', () => {});
    channel.stderr.on('error', () => {});
    return {
      stdin: channel,
      stdout: channel,
      stderr: channel.stderr,
      exited: exited.promise,
      closed: closed.promise,
      close: () => {
        channel.close();
        // A channel closes only when all of it was read.
        channel.resume();
        channel.stderr.resume();
        giveBack();
        closed.resolve();
        exited.reject(unreachable(this.#target, new Error('the command was let go of')));
      },
    };
  }
}

/** The words never vary but for sudo's: nothing of a user comes here. */
function quote(word: string): string {
  return /^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** RFC 4254, 5.1: SSH_OPEN_ADMINISTRATIVELY_PROHIBITED. */
function isProhibited(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && error.reason === 1;
}

/** What ssh2 says when the connection was gone already, or went before the answer. */
function isLate(error: unknown): boolean {
  return error instanceof Error && /^(?:Not connected|No response from server)$/.test(error.message);
}

/** RFC 4254, 5.1: SSH_OPEN_CONNECT_FAILED, which is what sshd says beyond MaxSessions, and SSH_OPEN_RESOURCE_SHORTAGE. */
function isRefused(error: unknown): boolean {
  return error instanceof Error && 'reason' in error && (error.reason === 2 || error.reason === 4);
}

/** ssh2's channels end half-way when the other side ends, and wait for ours. */
function closing(channel: ClientChannel): Duplex {
  channel.on('error', () => {});
  channel.once('end', () => channel.end());
  return channel;
}
