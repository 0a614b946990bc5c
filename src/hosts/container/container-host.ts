/** A container as a host: what stands in for a machine on a laptop or a runner. */

import type { Socket } from 'node:net';
import { type Duplex, PassThrough } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineClient, EngineError } from '../../container-engine/client.ts';
import { SealerError } from '../../error.ts';
import { forwardByProcess } from '../command/forward-by-process.ts';
import type { Link, LinkedProcess, ProcessEnd, StartOptions } from '../command/link.ts';
import type { Host } from '../host.ts';
import { type LinkedHostOptions, linkedHost } from '../linked-host.ts';
import { takeApart } from './frames.ts';

export interface ContainerHostOptions extends LinkedHostOptions {
  readonly client: EngineClient;
  /** ID or name of a running container that has a shell. */
  readonly containerId: string;
  /** What other hosts reach it by. */
  readonly address: string;
  /** For people. Default: the container's ID. */
  readonly name?: string | undefined;
}

/** A running container of docker or podman as a host. Disposing lets go of what runs; the container stays. */
export function containerHost(options: ContainerHostOptions): Host {
  return linkedHost(new ContainerLink(options), options);
}

const FIRST_LOOK_MS = 50;
const SLOWEST_LOOK_MS = 1000;

class ContainerLink implements Link {
  readonly address: string;
  readonly label: string;
  readonly user = 'root';
  readonly sudoPassword = undefined;
  readonly #client: EngineClient;
  readonly #id: string;
  readonly #running = new Set<LinkedProcess>();

  constructor({ client, containerId, address, name = containerId.slice(0, 12) }: ContainerHostOptions) {
    this.#client = client;
    this.#id = containerId;
    this.address = address;
    this.label = `${address} (container ${name})`;
  }

  async start(argv: readonly [string, ...string[]], { signal }: StartOptions): Promise<LinkedProcess> {
    signal?.throwIfAborted();
    try {
      const json = { AttachStdin: true, AttachStdout: true, AttachStderr: true, Tty: false, User: '0', Cmd: argv };
      const path = `/containers/${encodeURIComponent(this.#id)}/exec`;
      const answer = await this.#client.json({ method: 'POST', path, json, signal });
      const exec = idOf(answer);
      // The signal is not for the hijacked connection: what runs is killed before it is let go of.
      const start = { method: 'POST', path: `/exec/${exec}/start`, json: { Detach: false, Tty: false } } as const;
      return this.#linked(exec, await this.#client.hijack(start));
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#unreachable(error);
    }
  }

  forward(address: string, port: number): Promise<Duplex> {
    return forwardByProcess(this, address, port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#running) started.close();
  }

  #linked(exec: string, socket: Socket): LinkedProcess {
    const stdout = new PassThrough();
    const stderr = new PassThrough();
    const isLetGo = new AbortController();
    socket.on('error', () => {});
    const closed = takeApart(socket, stdout, stderr).catch(() => {});
    const exited = this.#untilExit(exec, closed, isLetGo.signal);
    exited.catch(() => {});
    const started: LinkedProcess = {
      stdin: socket,
      stdout,
      stderr,
      exited,
      closed,
      close: () => {
        isLetGo.abort();
        socket.destroy();
        this.#running.delete(started);
      },
    };
    this.#running.add(started);
    void closed.then(() => this.#running.delete(started));
    return started;
  }

  /** Asks again and again: the connection stays open as long as anybody in the background holds an output. */
  async #untilExit(exec: string, closed: Promise<void>, isLetGo: AbortSignal): Promise<ProcessEnd> {
    let isClosed = false;
    const soon = closed.then(() => {
      isClosed = true;
    });
    let looksAfterClose = 0;
    for (let pause = FIRST_LOOK_MS; ; pause = Math.min(pause * 1.5, SLOWEST_LOOK_MS)) {
      if (isClosed) await sleep(10);
      else await Promise.race([soon, sleep(pause, undefined, { signal: isLetGo }).catch(() => {})]);
      if (isLetGo.aborted) throw this.#unreachable(new Error('the command was let go of'));
      const end = endOf(await this.#look(exec));
      if (end !== undefined) return end;
      // A process may close its outputs and go on; but an engine that was stopped never says that it ended.
      if (isClosed && ++looksAfterClose > 10) await sleep(SLOWEST_LOOK_MS / 2);
    }
  }

  async #look(exec: string): Promise<unknown> {
    try {
      return await this.#client.json({ method: 'GET', path: `/exec/${exec}/json` });
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): SealerError {
    const why = error instanceof Error ? error.message : String(error);
    const isGone = error instanceof EngineError && (error.status === 404 || error.status === 409);
    return new SealerError('HOST_UNREACHABLE', `${this.label} cannot be reached: ${why}`, {
      hint: isGone
        ? 'The container was removed or stopped by somebody: start it, or delete the cluster and run it again.'
        : 'See whether the container engine runs, and run the same command again.',
      cause: error,
    });
  }
}

function idOf(answer: unknown): string {
  const id = asRecord(answer).Id;
  if (typeof id !== 'string' || !/^[0-9a-f]+$/.test(id)) throw new Error('the engine gives no ID for a command');
  return id;
}

/** Exit codes above 128 of an engine mean signals, but also just codes: they are left as they are. */
function endOf(answer: unknown): ProcessEnd | undefined {
  const { Running: isRunning, ExitCode: code } = asRecord(answer);
  if (isRunning === true) return undefined;
  return { code: typeof code === 'number' ? code : undefined, signal: undefined };
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
