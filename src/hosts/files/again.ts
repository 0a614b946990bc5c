/** Work that may be done twice goes on after a broken link; whatever else is never repeated silently. */

import { SealerError } from '../../error.ts';

/** Times that a broken link is mended for one piece of work. */
export const LINK_TRIES = 3;

/**
 * Does idempotent work, again when the link broke in the middle of it; the link itself waits until the host is back.
 * @throws what the last try threw
 */
export async function again<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await work();
    } catch (error) {
      if (!isBrokenLink(error) || tries >= LINK_TRIES || signal?.aborted) throw error;
    }
  }
}

/** Whether the link to a host broke. */
export function isBrokenLink(error: unknown): boolean {
  return error instanceof SealerError && error.code === 'HOST_UNREACHABLE';
}
