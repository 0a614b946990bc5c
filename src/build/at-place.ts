/** Errors from the parts below know nothing of the Kubefile; here they learn where it went wrong. */

import { type ErrorCode, type Place, SealerError } from '../error.ts';

/** What to do about errors that say nothing about that themselves. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  UNSAFE_ARCHIVE: 'Make the archive anew, with names relative to its folder and plain files, folders and links only.',
  ARCHIVE_TOO_LARGE: 'Check where the archive comes from; if it is right, unpack it in a RUN.',
  CORRUPT_ARCHIVE: 'Get or make the archive anew.',
  CANNOT_PACK: 'Rename the file, or leave it out by .dockerignore.',
  SOURCE_CHANGED: 'Build again when nothing writes to the files.',
};

/** Does some work; an error without a place gets this one, and a hint where it lacks one. */
export async function atPlace<T>(at: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SealerError) || (error.at !== undefined && error.hint !== undefined)) throw error;
    const { code, message, hint = HINTS[code], problems } = error;
    throw new SealerError(code, message, { at: error.at ?? at, hint, problems, cause: error });
  }
}
