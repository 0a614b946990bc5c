/** This machine as a host. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { userInfo } from 'node:os';
import { SealerError } from '../../error.ts';
import type { Link, LinkedProcess, ProcessEnd } from '../command/link.ts';
import type { Host } from '../host.ts';
import { type LinkedHostOptions, linkedHost } from '../linked-host.ts';

export interface LocalHostOptions extends LinkedHostOptions {
  /** What processes get of our environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Default: 127.0.0.1. */
  readonly address?: string | undefined;
  /** For sudo, if we are not root and it asks for one. */
  readonly sudoPassword?: string | undefined;
}

/** This machine. Commands run as root, by sudo if we are not. */
export function localHost(options: LocalHostOptions): Host {
  return linkedHost(new LocalLink(options), options);
}

/** What a login has, too; the rest of our environment is nobody's business. */
const KEPT = ['PATH', 'HOME', 'USER', 'LOGNAME', 'SHELL', 'LANG', 'TZ'];

class LocalLink implements Link {
  readonly address: string;
  readonly label: string;
  readonly user: string;
  readonly sudoPassword: string | undefined;
  readonly #env: Readonly<Record<string, string>>;
  readonly #running = new Set<LinkedProcess>();

  constructor({ env, address = '127.0.0.1', sudoPassword }: LocalHostOptions) {
    const { uid, username } = userInfo();
    this.address = address;
    this.label = `${address} (this machine)`;
    this.user = uid === 0 ? 'root' : username;
    this.sudoPassword = sudoPassword;
    this.#env = Object.fromEntries(
      Object.entries(env).flatMap(([name, value]) =>
        KEPT.includes(name) && value !== undefined ? [[name, value]] : [],
      ),
    );
  }

  async start([program, ...rest]: readonly [string, ...string[]]): Promise<LinkedProcess> {
    const child = spawn(program, rest, { cwd: '/', env: this.#env, detached: true, stdio: 'pipe' });
    const exited = new Promise<ProcessEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
      // Like a shell that does not find it: sudo may be missing, and that is for others to judge.
      child.once('error', (error) => {
        child.stderr.push(`${error.message}\n`);
        child.stderr.push(null);
        child.stdout.push(null);
        resolve({ code: 127, signal: undefined });
      });
    });
    const started: LinkedProcess = {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      exited,
      closed: new Promise((resolve) => child.once('close', () => resolve())),
      close: () => {
        child.stdin.destroy();
        child.stdout.destroy();
        child.stderr.destroy();
        this.#running.delete(started);
      },
    };
    this.#running.add(started);
    void started.closed.then(() => this.#running.delete(started));
    return started;
  }

  async forward(address: string, port: number): Promise<import('node:net').Socket> {
    const socket = connect({ host: address, port });
    try {
      await once(socket, 'connect');
      return socket;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new SealerError('HOST_UNREACHABLE', `${address}:${port} cannot be reached from ${this.label}: ${why}`, {
        cause,
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const started of this.#running) started.close();
  }
}
