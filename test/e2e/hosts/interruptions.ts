/** Ends runs at random moments: in a phase, however long each of them takes on this machine. */

import assert from 'node:assert/strict';
import type { ClusterStatus } from '../../../src/cluster/index.ts';
import type { CliResult } from '../../lab/cli.ts';
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
  /** In which phase of the run, from 1. */
  readonly phase: number;
  /** How long after it began, in milliseconds. */
  readonly delay: number;
}

/** Phases that a run of an image on bare hosts has. */
const PHASES = 13;
const LONGEST_DELAY_MS = 12_000;

/** Draws a moment. Early ones in a phase are likelier: most phases are short. */
export function drawInterruption(
  random: () => number,
  signals: readonly Interruption['signal'][] = ['SIGKILL'],
): Interruption {
  const signal = signals[Math.floor(random() * signals.length)] ?? 'SIGKILL';
  return { signal, phase: 1 + Math.floor(random() * PHASES), delay: Math.round(random() ** 3 * LONGEST_DELAY_MS) };
}

/**
 * Runs `sealer run …` and ends it at that moment.
 * @returns the phase that it was in; undefined if it ended before, which it has to do without an error
 */
export async function interruptedRun(
  on: LabCluster,
  args: readonly string[],
  { signal, phase, delay }: Interruption,
): Promise<string | undefined> {
  await using run = on.start('run', ...args);
  const begun = run.says(new RegExp(`(?:^=> .*\\n[^]*?){${phase}}`, 'm')).then(
    () => true,
    () => false,
  );
  if (await begun) {
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
  return result.stderr.match(/^=> .*$/gm)?.at(-1);
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
