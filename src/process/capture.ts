/** One command whose output is wanted as a whole, and is small enough for that. */

import { spawn } from 'node:child_process';
import { addAbortListener } from 'node:events';
import type { Readable } from 'node:stream';

export interface CapturedCommand {
  readonly argv: readonly [string, ...string[]];
  readonly cwd: string;
  /** All of its environment: nothing of ours is added. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array | undefined;
  /** Bytes of standard output at most. */
  readonly limit: number;
  readonly signal?: AbortSignal | undefined;
}

export interface CapturedEnd {
  /** The exit code; undefined if a signal ended it. */
  readonly code: number | undefined;
  readonly stdout: Buffer;
  /** The first 256 KiB of standard error. */
  readonly stderr: string;
}

/** A command said more on standard output than its limit allows; it was killed. */
export class OutputTooLarge extends Error {
  override readonly name = 'OutputTooLarge';
}

const MAX_STDERR = 256 * 1024;

/**
 * Runs a program, without a shell, and collects what it says. It has a process group of its own, and nothing of the
 * group is left when this returns.
 * @throws the signal's reason when aborted; OutputTooLarge; ENOENT or EACCES if the program cannot be started
 */
export async function captureCommand(command: CapturedCommand): Promise<CapturedEnd> {
  command.signal?.throwIfAborted();
  const [program, ...rest] = command.argv;
  const child = spawn(program, rest, {
    cwd: command.cwd,
    env: { ...command.env },
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const kill = (): void => killGroup(child.pid);
  using _abort = command.signal === undefined ? undefined : addAbortListener(command.signal, kill);
  // Who does not read what we say to it has its reasons; its exit code tells.
  child.stdin.on('error', () => {});
  child.stdin.end(command.stdin);
  const stdout = collect(child.stdout, command.limit, kill);
  const stderr = collect(child.stderr, MAX_STDERR);
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  // A grandchild that keeps the pipes open would keep us waiting.
  kill();
  await closed;
  command.signal?.throwIfAborted();
  if (stdout.isOver) throw new OutputTooLarge(`The output of ${program} is larger than ${command.limit} bytes`);
  return {
    code: code ?? undefined,
    stdout: Buffer.concat(stdout.chunks),
    stderr: Buffer.concat(stderr.chunks).toString(),
  };
}

interface Collected {
  readonly chunks: Buffer[];
  bytes: number;
  isOver: boolean;
}

function collect(stream: Readable, limit: number, onOver?: () => void): Collected {
  const collected: Collected = { chunks: [], bytes: 0, isOver: false };
  stream.on('data', (chunk: Buffer) => {
    const room = limit - collected.bytes;
    if (room > 0) collected.chunks.push(chunk.subarray(0, room));
    collected.bytes += chunk.byteLength;
    if (collected.bytes <= limit || collected.isOver) return;
    collected.isOver = true;
    onOver?.();
  });
  return collected;
}

/** The group has the child's id, because the child was detached. It may be gone already. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {}
}
