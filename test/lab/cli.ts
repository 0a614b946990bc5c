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
  /** Run a bundle rather than the sources: that of dist/, or of another folder. */
  readonly bundled?: boolean | string;
  readonly uid?: number;
}

/** What to run for `sealer`: the Node.js that runs us, and the entry. */
export function cliCommand(bundled: boolean | string = false): readonly [string, ...string[]] {
  if (bundled === false) return [process.execPath, join(PROJECT, 'src', 'cli', 'main.ts')];
  const bundle = join(bundled === true ? join(PROJECT, 'dist') : bundled, 'sealer.cjs');
  if (!existsSync(bundle)) throw new Error(`${bundle} is missing: npm run bundle`);
  return [process.execPath, bundle];
}

/** Runs `sealer` to its end. */
export async function sealer(args: readonly string[], options: CliOptions): Promise<CliResult> {
  return await startSealer(args, options).ended;
}

/** A `sealer` that goes on while the test does other things. Disposing kills it. */
export interface RunningCli extends AsyncDisposable {
  readonly ended: Promise<CliResult>;
  /**
   * Waits until its output (both streams, as they came) matches.
   * @throws when it ends without having said so
   */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts `sealer`. Nothing of the caller's credentials or store reaches it. */
export function startSealer(args: readonly string[], options: CliOptions): RunningCli {
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
  const output = { stdout: '', stderr: '', both: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      output.both += text;
    });
  }
  const ended = new Promise<CliResult>((done, fail) => {
    child.on('error', fail);
    child.on('close', (code, signal) => {
      const { stdout, stderr } = output;
      done({ code: code ?? -1, signal, stdout, stderr, elapsed: performance.now() - started });
    });
  });
  return {
    ended,
    kill: (signal) => void child.kill(signal),
    says: (pattern) =>
      new Promise((found, fail) => {
        const look = () => {
          const match = pattern.exec(output.both);
          if (match !== null) found(match);
        };
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        look();
        ended.then(({ code }) => fail(new Error(`ended with ${code} without ${pattern}:\n${output.both}`)), fail);
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended.catch(() => {});
    },
  };
}

/** Runs `sealer`, expects it to succeed, and gives what it printed as JSON. */
export async function sealerJson<T>(args: readonly string[], options: CliOptions): Promise<T> {
  const result = await sealer([...args, '--json'], options);
  if (result.code !== 0) throw new Error(`sealer ${args.join(' ')} ended with ${result.code}:\n${result.stderr}`);
  return JSON.parse(result.stdout) as T;
}
