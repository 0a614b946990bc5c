/** The digests of a file that is being written: of all of it, and of it without its frames (envelope.ts). */

import { createDigester, type Digest, parseDigest } from '../digest.ts';
import { forgetBeside, hashBeside } from './hash-thread.ts';

export interface FrameDigests {
  /**
   * Takes the next part of the file.
   * @param unframed what of it is not a frame
   * @returns when the part may change again
   */
  update(part: Uint8Array, unframed: readonly Stretch[]): Promise<void> | undefined;
  /** Ends the computation. */
  digests(): Promise<{ readonly whole: Digest; readonly unframed: Digest }>;
  /** Gives up, if it has not ended. */
  discard(): void;
}

/** Bytes `from` to `to`, the latter not included. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** From this size on it pays to hash in another thread; for less, starting it takes longer than the hashing. */
const LARGE_BYTES = 4 * 1024 * 1024;

/**
 * Starts the computation.
 * @param size how much content to expect, in bytes
 */
export function startFrameDigests(size: number): FrameDigests {
  return size < LARGE_BYTES ? digestHere() : digestBeside();
}

function digestHere(): FrameDigests {
  const whole = createDigester();
  const unframed = createDigester();
  return {
    update(part, stretches) {
      whole.update(part);
      for (const { from, to } of stretches) unframed.update(part.subarray(from, to));
      return undefined;
    },
    digests: async () => ({ whole: whole.digest(), unframed: unframed.digest() }),
    discard() {},
  };
}

/** How many there were; their numbers are their names. */
let computations = 0;

function digestBeside(): FrameDigests {
  const id = computations++;
  let hasEnded = false;
  return {
    update: async (part, stretches) => void (await hashBeside({ id, part, stretches })),
    async digests() {
      hasEnded = true;
      const [whole, unframed] = (await hashBeside({ id, isLast: true })) ?? [];
      return { whole: parseDigest(`sha256:${whole}`), unframed: parseDigest(`sha256:${unframed}`) };
    },
    discard() {
      if (!hasEnded) forgetBeside(id);
      hasEnded = true;
    },
  };
}
