/** The command line as users run it: a process of its own, from the sources or from the bundle. */

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const PROJECT = resolve(import.meta.dirname, '../..');

export interface CliResult {
  /** Exit code, or -1 when a signal ended it. */
  readonly code: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Wall time, in milliseconds. */
  readonly elapsed: number;
}

export interface CliOptions {
  /** The store. */
  readonly home: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Told the process's id once it runs; for tests that kill it. */
  readonly onStart?: (pid: number) => void;
  /** Run the bundle rather than the sources. */
  readonly bundled?: boolean;
  readonly uid?: number;
}

/** What to run for `sealer`: the Node.js that runs us, and the entry. */
export function cliCommand(bundled = false): readonly [string, ...string[]] {
  const bundle = join(PROJECT, 'dist', 'sealer.cjs');
  if (bundled && !existsSync(bundle)) throw new Error('dist/sealer.cjs is missing: npm run bundle');
  return [process.execPath, bundled ? bundle : join(PROJECT, 'src', 'cli', 'main.ts')];
}

/** Runs `sealer` to its end. Nothing of the caller's credentials or store reaches it. */
export async function sealer(args: readonly string[], options: CliOptions): Promise<CliResult> {
  const [command, ...entry] = cliCommand(options.bundled);
  const started = performance.now();
  const child = spawn(command, [...entry, ...args], {
    cwd: options.cwd ?? PROJECT,
    env: { PATH: process.env.PATH, HOME: options.home, SEALER_HOME: options.home, NO_COLOR: '1', ...options.env },
    stdio: 'pipe',
    ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
  });
  options.onStart?.(child.pid ?? -1);
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done, fail) => {
    child.on('error', fail);
    child.on('close', (...how) => done(how));
  });
  return { code: code ?? -1, signal, ...output, elapsed: performance.now() - started };
}

/** Runs `sealer`, expects it to succeed, and gives what it printed as JSON. */
export async function sealerJson<T>(args: readonly string[], options: CliOptions): Promise<T> {
  const result = await sealer([...args, '--json'], options);
  if (result.code !== 0) throw new Error(`sealer ${args.join(' ')} ended with ${result.code}:\n${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}
