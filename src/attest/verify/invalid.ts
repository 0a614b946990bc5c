/** What is told of a signature that is not to be trusted. */

import { SealerError } from '../../error.ts';

/** The error for a bundle that is not to be trusted. */
export function invalid(why: string, cause?: unknown): SealerError {
  return new SealerError('SIGNATURE_INVALID', `A signature is not to be trusted: ${why}`, { cause });
}
