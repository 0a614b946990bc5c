/** What a kind of host has of its own: how a process is started there, and how a connection is made from there. */

import type { Duplex, Readable, Writable } from 'node:stream';

/** A way to one machine. Disposing closes it. */
export interface Link extends AsyncDisposable {
  readonly address: string;
  readonly label: string;
  /** Who logged in. Root needs no sudo. */
  readonly user: string;
  /** For sudo, if it asks for one. */
  readonly sudoPassword: string | undefined;
  /**
   * Starts a process; waits while too many run already.
   * @throws SealerError HOST_UNREACHABLE; the signal's reason
   */
  start(argv: readonly [string, ...string[]], options: StartOptions): Promise<LinkedProcess>;
  /** @throws SealerError HOST_UNREACHABLE */
  forward(address: string, port: number): Promise<Duplex>;
}

export interface StartOptions {
  readonly signal?: AbortSignal | undefined;
  /** Does not wait for its turn: it is there to end another one. */
  readonly isUrgent?: boolean;
}

export interface LinkedProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** When the process has ended; its output may still be on its way. Rejects with HOST_UNREACHABLE when the link breaks. */
  readonly exited: Promise<ProcessEnd>;
  /** When all output has come, or the link broke. Never rejects. */
  readonly closed: Promise<void>;
  /** Lets go of it: nothing more is read or written. */
  close(): void;
}

export interface ProcessEnd {
  readonly code: number | undefined;
  /** `SIGKILL`; undefined if it ended by itself. */
  readonly signal: string | undefined;
}
