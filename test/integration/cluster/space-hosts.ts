/**
 * Hosts that are this machine with a folder of their own at one place: each is a mount namespace, so that several have
 * different content at the same path, as the hosts of a cluster do.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Link, LinkedProcess, ProcessEnd } from '../../../src/hosts/command/link.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { linkedHost } from '../../../src/hosts/linked-host.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs, works } from '../../lab/tools.ts';

/** What to give as a test's `skip`. */
export function needsSpaces(...tools: string[]): string | false {
  if (!works('unshare', '--mount', 'true')) return 'mount namespaces need root';
  return needs('nsenter', ...tools);
}

/** The folder that differs from host to host. */
export const SPACE = '/mnt';

export interface SpaceHost {
  readonly host: Host;
  /** The folder here that is `SPACE` there. */
  readonly folder: string;
  /** Bytes that went into the processes there. */
  readonly received: () => number;
}

export interface SpaceHosts extends AsyncDisposable {
  readonly hosts: readonly SpaceHost[];
}

export interface SpaceOptions {
  readonly count: number;
  /** Programs that are not there, by host; of /usr/bin. */
  readonly hidden?: Readonly<Record<number, readonly string[]>>;
}

/** Makes hosts 127.0.1.1, 127.0.1.2 and so on; what runs in them ends with them. */
export async function spaceHosts({ count, hidden = {} }: SpaceOptions): Promise<SpaceHosts> {
  await using undo = new AsyncDisposableStack();
  const { path } = undo.use(await temporaryFolder('hosts'));
  const hosts: SpaceHost[] = [];
  for (let i = 0; i < count; i++) {
    const folder = join(path, `host-${i + 1}`);
    await mkdir(folder);
    const keeper = await openSpace(folder, hidden[i] ?? []);
    undo.defer(() => endOf(keeper));
    const link = new SpaceLink(`127.0.1.${i + 1}`, keeper.pid ?? 0);
    hosts.push({ host: linkedHost(link), folder, received: () => link.received });
  }
  const life = undo.move();
  return { hosts, [Symbol.asyncDispose]: () => life.disposeAsync() };
}

const KEEP = `set -e
mount --bind "$1" ${SPACE}
shift
for tool in "$@"; do mount --bind /dev/null "/usr/bin/$tool"; done
echo ready
exec cat
`;

async function openSpace(folder: string, hidden: readonly string[]): Promise<ChildProcess> {
  const argv = ['--mount', '--propagation', 'private', 'sh', '-c', KEEP, 'keep', folder, ...hidden];
  const keeper = spawn('unshare', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit')]);
  if (keeper.exitCode !== null) throw new Error('no mount namespace');
  return keeper;
}

async function endOf(keeper: ChildProcess): Promise<void> {
  const ended = once(keeper, 'exit');
  keeper.stdin?.end();
  await ended;
}

class SpaceLink implements Link {
  readonly user = 'root';
  readonly sudoPassword = undefined;
  readonly address: string;
  readonly #pid: number;
  received = 0;

  constructor(address: string, pid: number) {
    this.address = address;
    this.#pid = pid;
  }

  get label(): string {
    return this.address;
  }

  async start(argv: readonly [string, ...string[]]): Promise<LinkedProcess> {
    const env = { PATH: process.env.PATH ?? '' };
    const child = spawn('nsenter', ['--target', `${this.#pid}`, '--mount', ...argv], { env, stdio: 'pipe' });
    const write = child.stdin.write.bind(child.stdin);
    child.stdin.write = (chunk: string | Uint8Array, ...rest: readonly unknown[]): boolean => {
      this.received += Buffer.byteLength(chunk);
      return Reflect.apply(write, child.stdin, [chunk, ...rest]);
    };
    const exited = new Promise<ProcessEnd>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code: code ?? undefined, signal: signal ?? undefined }));
    });
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const close = () => {
      for (const stream of [child.stdin, child.stdout, child.stderr]) stream.destroy();
    };
    return { stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, exited, closed, close };
  }

  async forward(address: string, port: number) {
    const socket = connect({ host: address, port });
    await once(socket, 'connect');
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
