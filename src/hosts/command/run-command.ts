/** One command from its start to its end, its output collected within limits. */

import { addAbortListener } from 'node:events';
import type { Readable } from 'node:stream';
import type { Command, Output } from '../host.ts';
import type { HostLog } from '../log.ts';
import { blanker } from './blank.ts';
import { commandFailed, commandTimedOut, loginFailed, sudoFailed } from './command-failed.ts';
import { describeCommand } from './describe-command.ts';
import type { Elevation } from './launcher.ts';
import { lineSplitter } from './lines.ts';
import type { Link, ProcessEnd } from './link.ts';
import { type RunningCommand, startCommand } from './start-command.ts';

export interface RunOptions {
  readonly elevation: Elevation;
  readonly log: HostLog | undefined;
  /** Called with the number of bytes of stdin that left. */
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

const DEFAULT_TIMEOUT_MS = 10 * 60_000;
const MAX_STDOUT = 4 * 1024 * 1024;
const MAX_STDERR = 64 * 1024;

/** `Host.exec` over a link. @throws as it says */
export async function runCommand(link: Link, command: Command, options: RunOptions): Promise<Output> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS } = command;
  signal?.throwIfAborted();
  const blank = blanker([...(command.secrets ?? []), ...(link.sudoPassword === undefined ? [] : [link.sudoPassword])]);
  const described = blank(describeCommand(command.argv));
  options.log?.command(described);
  const timeout = new AbortController();
  const timer = setTimeout(() => timeout.abort(commandTimedOut(link.label, described, timeoutMs)), timeoutMs);
  const either = signal === undefined ? timeout.signal : AbortSignal.any([signal, timeout.signal]);
  const began = performance.now();
  let how = 'broke off';
  try {
    const running = await startCommand(link, {
      argv: command.argv,
      env: command.env ?? {},
      cwd: command.cwd,
      elevation: options.elevation,
      stdin: command.stdin,
      signal: either,
      onBytes: options.onBytes,
    });
    const { end, stdout, stderr } = await collect(running, command, { log: options.log, blank, signal: either });
    how = `exit ${end.code ?? end.signal}`;
    if (!running.wasLaunched()) throw notLaunched(link, options.elevation, end, blank(running.saidBefore()));
    if (end.code !== 0 && command.allowFailure !== true) {
      const told = { stdout: blank(stdout), stderr: blank(stderr) };
      throw commandFailed({ label: link.label, command: described, end, ...told });
    }
    return { code: end.code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    options.log?.ended(how, performance.now() - began);
  }
}

/** The error for a command that was not reached. */
export function notLaunched(link: Link, elevation: Elevation, end: ProcessEnd, said: string): Error {
  return elevation === 'none'
    ? loginFailed(link.label, link.user, end, said)
    : sudoFailed(link.label, link.user, said === '' ? `exit code ${end.code ?? end.signal}` : said);
}

interface CollectOptions {
  readonly log: HostLog | undefined;
  readonly blank: (text: string) => string;
  readonly signal: AbortSignal;
}

async function collect(
  running: RunningCommand,
  { onLine, printsContent = false }: Command,
  { log, blank, signal }: CollectOptions,
): Promise<{ readonly end: ProcessEnd; readonly stdout: string; readonly stderr: string }> {
  using _abort = addAbortListener(signal, () => void running.kill());
  const lines = (stream: 'stdout' | 'stderr') =>
    onLine === undefined && log === undefined
      ? undefined
      : lineSplitter((line) => {
          const text = blank(line);
          if (!printsContent || stream === 'stderr') log?.line(stream, text);
          onLine?.(text, stream);
        });
  const stdout = keep(running.stdout, lines('stdout'), keepFirst(MAX_STDOUT));
  const stderr = keep(running.stderr, lines('stderr'), keepLast(MAX_STDERR));
  try {
    const [end] = await Promise.all([running.ended, running.fed]);
    await Promise.all([stdout.whole, stderr.whole]);
    signal.throwIfAborted();
    return { end, stdout: stdout.text(), stderr: stderr.text() };
  } catch (error) {
    await running.kill();
    await running.ended.catch(() => {});
    signal.throwIfAborted();
    throw error;
  }
}

interface Kept {
  push(chunk: Buffer): void;
  text(): string;
}

function keep(
  stream: Readable,
  lines: ReturnType<typeof lineSplitter> | undefined,
  kept: Kept,
): { readonly whole: Promise<void>; text(): string } {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // What a listener throws is the command's failure, not the process's.
  const guard = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      reject(error);
    }
  };
  stream.on('data', (chunk: Buffer) => {
    kept.push(chunk);
    guard(() => lines?.push(chunk));
  });
  stream.once('close', () => {
    guard(() => lines?.end());
    resolve();
  });
  promise.catch(() => {});
  return { whole: promise, text: kept.text };
}

function keepFirst(limit: number): Kept {
  const chunks: Buffer[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      if (bytes < limit) chunks.push(chunk.subarray(0, limit - bytes));
      bytes += chunk.length;
    },
    text: () => Buffer.concat(chunks).toString(),
  };
}

function keepLast(limit: number): Kept {
  let chunks: Buffer[] = [];
  let bytes = 0;
  return {
    push(chunk) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > 2 * limit) {
        chunks = [Buffer.concat(chunks).subarray(-limit)];
        bytes = limit;
      }
    },
    text: () => Buffer.concat(chunks).subarray(-limit).toString(),
  };
}
