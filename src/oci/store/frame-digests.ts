/** The digests of a file that is being written: of all of it, and of it without its frames (envelope.ts). */

import { createDigester, type Digest } from '../digest.ts';

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

/**
 * Starts the computation.
 * @param size how much content to expect, in bytes
 */
export function startFrameDigests(_size: number): FrameDigests {
  return digestHere();
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
