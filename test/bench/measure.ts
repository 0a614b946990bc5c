/** Timing of whole processes, paired with a peer in the same run, and the table that comes of it. */

import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface Measurement {
  /** Wall time, in seconds. */
  readonly wall: number;
  /** Peak resident memory, in MiB, as far as /proc tells. */
  readonly peak: number;
  readonly stdout: string;
}

export interface CommandLine {
  readonly argv: readonly [string, ...string[]];
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** Made before each run, outside of the measured time. */
  readonly before?: () => void | Promise<void>;
}

/** Runs a command once and measures it. */
export async function measure({ argv, env, cwd, before }: CommandLine): Promise<Measurement> {
  await before?.();
  const [command, ...args] = argv;
  const started = performance.now();
  const child = spawn(command, args, { cwd, env: env ?? process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, peakOf(child.pid ?? 0));
  }, 10);
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  const wall = (performance.now() - started) / 1000;
  clearInterval(watch);
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}:\n${stderr}`);
  return { wall, peak, stdout };
}

/** Two commands in turn, A B A B …, after one uncounted round; gives the median of each. */
export async function pair(
  a: CommandLine,
  b: CommandLine,
  rounds = 5,
): Promise<{ a: Measurement; b: Measurement; ratio: number }> {
  const runs: { a: Measurement; b: Measurement }[] = [];
  for (let round = 0; round <= rounds; round++) {
    const run = { a: await measure(a), b: await measure(b) };
    if (round > 0) runs.push(run);
  }
  const ofA = median(runs.map((run) => run.a));
  const ofB = median(runs.map((run) => run.b));
  return { a: ofA, b: ofB, ratio: ofA.wall / ofB.wall };
}

/** The measurement with the middle wall time; the peak is the highest of all. */
export function median(runs: readonly Measurement[]): Measurement {
  const sorted = [...runs].sort((x, y) => x.wall - y.wall);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (middle === undefined) throw new Error('nothing was measured');
  return { ...middle, peak: Math.max(...runs.map((run) => run.peak)) };
}

export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: string;
  readonly target: string;
  readonly met: boolean | undefined;
}

/** Prints rows as a Markdown table. */
export function printTable(rows: readonly Row[]): void {
  const lines = rows.map(({ what, ours, peer, ratio, target, met }) =>
    [what, ours, peer, ratio, target, met === undefined ? '' : met ? 'met' : 'NOT met'].join(' | '),
  );
  process.stdout.write(`\n| what | sealer | peer | figure | target | |\n|---|---|---|---|---|---|\n`);
  for (const line of lines) process.stdout.write(`| ${line} |\n`);
}

function peakOf(pid: number): number {
  try {
    const kib = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kib === undefined ? 0 : Number(kib) / 1024;
  } catch {
    return 0;
  }
}
