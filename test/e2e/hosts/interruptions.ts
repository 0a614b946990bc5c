/** Ends runs at random moments: in a step, however long each of them takes on this machine. */

import assert from 'node:assert/strict';
import type { ClusterStatus, Plan } from '../../../src/cluster/index.ts';
import type { CliResult, RunningCli } from '../../lab/cli.ts';
import type { LabCluster } from './lab-cluster.ts';

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomBy(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Interruption {
  readonly signal: 'SIGKILL' | 'SIGINT';
  /** The title of the step that it happens in. */
  readonly step: string;
  /** How long after the step began, in milliseconds. */
  readonly delay: number;
}

const LONGEST_DELAY_MS = 12_000;

/**
 * Draws a moment of the run that would come next. Early ones in a step are likelier: most steps are short.
 * @returns undefined if there is nothing left to do
 */
export async function drawInterruption(
  on: LabCluster,
  args: readonly string[],
  random: () => number,
  signals: readonly Interruption['signal'][] = ['SIGKILL'],
): Promise<Interruption | undefined> {
  const { steps } = await on.json<Pick<Plan, 'steps'>>('run', ...args, '--dry-run');
  // What is not changed is waited for only briefly: a run would be through before it is ended.
  const moments = steps.filter(({ kind }) => kind !== 'wait');
  const step = moments[Math.floor(random() * moments.length)];
  if (step === undefined) return undefined;
  const signal = signals[Math.floor(random() * signals.length)] ?? 'SIGKILL';
  return { signal, step: step.title, delay: Math.round(random() ** 3 * LONGEST_DELAY_MS) };
}

/** Waits until a run begins a step; false if it ended without. */
export async function begins(run: RunningCli, step: string): Promise<boolean> {
  const pattern = new RegExp(`^=> ${step.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}`, 'm');
  return await run.says(pattern).then(
    () => true,
    () => false,
  );
}

/**
 * Runs `sealer run …` and ends it at that moment.
 * @returns the step that it was in; undefined if it ended before, which it has to do without an error
 */
export async function interruptedRun(
  on: LabCluster,
  args: readonly string[],
  { signal, step, delay }: Interruption,
): Promise<string | undefined> {
  await using run = on.start('run', ...args);
  if (await begins(run, step)) {
    const timer = Promise.withResolvers<void>();
    const waiting = setTimeout(timer.resolve, delay);
    await Promise.race([timer.promise, run.ended]);
    clearTimeout(waiting);
    run.kill(signal);
  }
  const result = await run.ended;
  if (result.code === 0) return undefined;
  if (signal === 'SIGINT') interrupted(result);
  else assert.equal(result.signal, 'SIGKILL', result.stderr);
  return result.stderr.match(/^=> .*$/gm)?.at(-1) ?? '';
}

/** Fails unless Ctrl-C ended it. */
export function interrupted({ code, stderr }: CliResult): void {
  assert.equal(code, 1, stderr);
  assert.match(stderr, /error\[INTERRUPTED\]: .*\n +hint: .*again/);
}

/** Runs to the end; then the cluster is ready, and there is nothing left to do. */
export async function finish(on: LabCluster, args: readonly string[]): Promise<void> {
  await on.json<unknown>('run', ...args);
  const status = await on.json<ClusterStatus>('status', '--cluster-host', on.addresses[0] ?? '');
  assert.equal(status.isReady, true);
  assert.equal(status.unfinished, undefined);
  assert.deepEqual(new Set(status.nodes.map(({ address }) => address)), new Set(on.addresses));
  const { steps } = await on.json<{ readonly steps: readonly unknown[] }>('run', ...args, '--dry-run');
  assert.deepEqual(steps, []);
}
