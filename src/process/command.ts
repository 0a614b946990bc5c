/** One command of RUN: a process group of its own, its output line by line, and its end. */

import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';

export interface RunnableCommand {
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly onLine: (line: string) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface CommandEnd {
  readonly code: number | undefined;
  readonly signal: NodeJS.Signals | undefined;
  /** The last lines of output. */
  readonly tail: readonly string[];
}

const TAIL_LINES = 20;
/** A line longer than this is cut into several, so that output without line ends cannot fill the memory. */
const MAX_LINE = 16 * 1024;
/** What a command has to tidy up between the signal and the kill. */
const GRACE_MS = 3000;
/** How long output may still come once the command has ended. */
const CLOSING_MS = 1000;

/**
 * Runs a command to its end. What it left running in the background is killed with it: nothing may write into the
 * rootfs afterwards. Its umask is 022 whatever ours is.
 * @throws the signal's reason when aborted; ENOENT if there is no /bin/sh
 */
export async function runCommand(command: RunnableCommand): Promise<CommandEnd> {
  command.signal?.throwIfAborted();
  // Node cannot set the umask of a child alone; the shell does and then becomes the command.
  const child = spawn('/bin/sh', ['-c', 'umask 022 && exec "$@"', 'sh', ...command.argv], {
    cwd: command.cwd,
    env: { ...command.env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const tail: string[] = [];
  const onLine = (line: string): void => {
    tail.push(line);
    if (tail.length > TAIL_LINES) tail.shift();
    command.onLine(line);
  };
  splitLines(child.stdout, onLine);
  splitLines(child.stderr, onLine);
  let killTimer: NodeJS.Timeout | undefined;
  const onAbort = (): void => {
    killGroup(child.pid, 'SIGTERM');
    killTimer = setTimeout(() => killGroup(child.pid, 'SIGKILL'), GRACE_MS);
  };
  command.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', (...end) => resolve(end));
    });
    killGroup(child.pid, 'SIGKILL');
    // What made itself a session of its own keeps the pipes, and is not waited for.
    const closing = setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, CLOSING_MS);
    await closed;
    clearTimeout(closing);
    command.signal?.throwIfAborted();
    return { code: code ?? undefined, signal: signal ?? undefined, tail };
  } finally {
    clearTimeout(killTimer);
    command.signal?.removeEventListener('abort', onAbort);
  }
}

/** The group has the child's id, because the child was detached. It may be gone already. */
function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {}
}

function splitLines(stream: Readable, onLine: (line: string) => void): void {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) onLine(line.replace(/\r$/, ''));
    while (rest.length > MAX_LINE) {
      onLine(rest.slice(0, MAX_LINE));
      rest = rest.slice(MAX_LINE);
    }
  });
  stream.on('end', () => {
    const last = rest + decoder.end();
    if (last !== '') onLine(last);
  });
}
