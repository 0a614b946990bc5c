/** Asking again and again, with growing pauses. */

import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The longest pause, in milliseconds. Default: 1000. */
  readonly slowestMs?: number | undefined;
}

const FIRST_PAUSE_MS = 100;
const GROWTH = 1.5;

/** What a question led to: an end with a value, or another round; after `atMostMs`, where that is sooner. */
export type Round<T> = { readonly done: T } | { readonly atMostMs?: number };

/**
 * Asks until there is an answer or the time is over.
 * @param ask gets a signal that ends with the time; what it throws ends everything, unless the time is over
 * @returns undefined when the time is over
 * @throws the signal's reason
 */
export async function poll<T>(
  ask: (signal: AbortSignal) => Promise<Round<T>>,
  { timeoutMs, signal, slowestMs = 1000 }: PollOptions,
): Promise<{ readonly value: T } | undefined> {
  signal?.throwIfAborted();
  const deadline = performance.now() + timeoutMs;
  const timeout = AbortSignal.timeout(Math.max(0, Math.ceil(timeoutMs)));
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    for (let pause = FIRST_PAUSE_MS; ; ) {
      const round = await ask(either);
      if ('done' in round) return { value: round.done };
      const left = deadline - performance.now();
      if (left <= 0) return undefined;
      const wait = Math.min(pause, slowestMs, left, round.atMostMs ?? Infinity);
      await sleep(Math.ceil(Math.max(0, wait)), undefined, { signal: either });
      pause *= GROWTH;
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (timeout.aborted) return undefined;
    throw error;
  }
}
