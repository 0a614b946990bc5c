/** Files of a host, read by root. */

import { addAbortListener } from 'node:events';
import { Readable } from 'node:stream';
import { commandFailed } from '../command/command-failed.ts';
import { notLaunched } from '../command/run-command.ts';
import { type RunningCommand, startCommand } from '../command/start-command.ts';
import { again } from './again.ts';
import type { FileHost } from './file-host.ts';

const ABSENT = 44;

/** Argument: the path. A line says that the file is there and can be read; then comes its content. */
const READ = `
[ -e "$1" ] || exit ${ABSENT}
exec < "$1" || exit 1
echo
exec cat
`;

/** Argument: the path, and how much of it. */
const READ_SMALL = `
[ -e "$1" ] || exit ${ABSENT}
exec head -c "$2" "$1"
`;

const MAX_TEXT = 1024 * 1024;

/** `Host.readText`. */
export async function readSmallFile(
  host: FileHost,
  path: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const argv = ['sh', '-c', READ_SMALL, 'sealer-read', path, String(MAX_TEXT + 1)] as const;
  const command = { argv, signal, allowFailure: true, printsContent: true };
  const { code, stdout, stderr } = await again(() => host.exec(command), signal);
  if (code === ABSENT) return undefined;
  if (code !== 0) throw readFailed(host, path, code, stderr);
  if (Buffer.byteLength(stdout) > MAX_TEXT) throw new Error(`${path} on ${host.link.label} is larger than 1 MiB`);
  return stdout;
}

/** `Host.read`: the stream ends only if the whole file came. Who destroys it ends the reading on the host too. */
export async function readFile(
  host: FileHost,
  path: string,
  signal: AbortSignal | undefined,
): Promise<Readable | undefined> {
  return await again(async () => {
    signal?.throwIfAborted();
    const elevation = await host.elevation();
    const argv = ['sh', '-c', READ, 'sealer-read', path] as const;
    const running = await startCommand(host.link, { argv, env: {}, cwd: undefined, elevation, signal });
    let said = '';
    running.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4096);
    });
    using _abort = signal === undefined ? undefined : addAbortListener(signal, () => void running.kill());
    const first = await firstChunk(running);
    if (first !== undefined) return contentOf(running, { first, host, path, said: () => said, signal });
    const end = await running.ended;
    signal?.throwIfAborted();
    if (end.code === ABSENT) return undefined;
    if (!running.wasLaunched()) throw notLaunched(host.link, elevation, end, running.saidBefore());
    throw readFailed(host, path, end.code, said);
  }, signal);
}

interface Reading {
  readonly first: Buffer;
  readonly host: FileHost;
  readonly path: string;
  readonly said: () => string;
  readonly signal: AbortSignal | undefined;
}

/** What comes first: at least the line that says that the file is there. */
async function firstChunk({ stdout }: RunningCommand): Promise<Buffer | undefined> {
  for (;;) {
    const chunk: unknown = stdout.read();
    if (Buffer.isBuffer(chunk)) return chunk;
    if (stdout.readableEnded || stdout.destroyed) return undefined;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ['readable', 'end', 'close']) stdout.off(event, done);
        resolve();
      };
      for (const event of ['readable', 'end', 'close']) stdout.on(event, done);
    });
  }
}

function contentOf(running: RunningCommand, { first, host, path, said, signal }: Reading): Readable {
  async function* content(): AsyncGenerator<Uint8Array> {
    using _abort = signal === undefined ? undefined : addAbortListener(signal, () => void running.kill());
    let isWhole = false;
    try {
      if (first.length > 1) yield first.subarray(1);
      for await (const chunk of running.stdout) yield chunk;
      const end = await running.ended;
      signal?.throwIfAborted();
      isWhole = end.code === 0;
      if (!isWhole) throw readFailed(host, path, end.code, said());
    } catch (error) {
      signal?.throwIfAborted();
      // A link that broke says so better than the stream that it ended.
      await running.ended;
      throw error;
    } finally {
      if (!isWhole) await running.kill();
    }
  }
  return Readable.from(content(), { objectMode: false });
}

function readFailed(host: FileHost, path: string, code: number | undefined, stderr: string): Error {
  const end = { code, signal: code === undefined ? 'a signal' : undefined };
  return commandFailed({ label: host.link.label, command: `reading ${path}`, end, stdout: '', stderr });
}
