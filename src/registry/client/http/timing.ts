/** Time and chance, as parameters: tests of waiting do not wait. */

import { setTimeout as delay } from 'node:timers/promises';

export interface Timing {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits; rejects with the signal's reason when that is aborted. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
  /** At least 0, less than 1. */
  random(): number;
}

export const realTiming: Timing = {
  now: () => Date.now(),
  random: () => Math.random(),
  async sleep(milliseconds, signal) {
    try {
      await delay(milliseconds, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    }
  },
};
