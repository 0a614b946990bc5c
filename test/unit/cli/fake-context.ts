/** A world for `runCli` that a test can look into. */

import { Readable, Writable } from 'node:stream';
import type { CliContext } from '../../../src/cli/context.ts';
import { runCli } from '../../../src/cli/run.ts';

export interface FakeContext {
  readonly context: CliContext;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

export interface FakeOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly input?: string;
  readonly isTTY?: boolean;
  readonly signal?: AbortSignal;
  /** Called once something stands on standard output. */
  readonly onOutput?: () => void;
}

/** Streams that remember, an empty environment and a clock that stands. */
export function fakeContext({ env = {}, input = '', isTTY = false, signal, onOutput }: FakeOptions = {}): FakeContext {
  const [out, stdout] = recorder(isTTY, onOutput);
  const [err, stderr] = recorder(isTTY);
  const stdin = Object.assign(Readable.from(input === '' ? [] : [Buffer.from(input)]), { isTTY });
  const context = { env, stdin, stdout, stderr, signal: signal ?? new AbortController().signal, now: () => 0 };
  return { context, stdout: out, stderr: err };
}

/** Runs a command line in a fake world. */
export async function run(
  args: readonly string[],
  options: FakeOptions = {},
): Promise<{ code: number; stdout: string; stderr: string }> {
  const { context, stdout, stderr } = fakeContext(options);
  const code = await runCli(args, context);
  return { code, stdout: stdout(), stderr: stderr() };
}

function recorder(isTTY: boolean, onOutput: () => void = () => {}): [() => string, Writable & { isTTY: boolean }] {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(Buffer.from(chunk));
      onOutput();
      done();
    },
  });
  return [() => Buffer.concat(chunks).toString('utf8'), Object.assign(stream, { isTTY })];
}
