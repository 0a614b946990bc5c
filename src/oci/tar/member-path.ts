/** What a name in a hostile archive may be. */

import { SealerError } from '../../error.ts';
import type { Limits } from './limits.ts';

/**
 * The path that a name in an archive means, relative to the root: without `./`, doubled and trailing slashes. A name
 * with a leading slash is taken as relative to the root, as GNU tar and containerd do. Empty for the root itself.
 * @throws SealerError UNSAFE_ARCHIVE for names that lead out of the root or that no file can have, ARCHIVE_TOO_LARGE
 *   for those beyond the limits
 */
export function cleanPath(name: string, { maxPathLength, maxDepth }: Limits): string {
  if (Buffer.byteLength(name) > maxPathLength) throw tooLarge(`${excerpt(name)} is longer than ${maxPathLength} bytes`);
  // A name cut at a NUL is another name: what is checked would not be what is written.
  if (name.includes('\0')) throw unsafe(`${excerpt(name)} has a NUL character in its name`);
  // tar-stream reads names as UTF-8 and replaces what is none: two files could become one.
  if (name.includes('\ufffd')) throw unsafe(`${excerpt(name)} has a name that is not UTF-8`);
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  for (const part of parts) {
    // Zip slip: `../../etc/cron.d/x`. No archive of a folder has such a name, so even harmless ones are refused.
    if (part === '..') throw unsafe(`${excerpt(name)} leads outside its folder`);
    // NAME_MAX of Linux: refused here rather than halfway through.
    if (Buffer.byteLength(part) > 255) throw tooLarge(`${excerpt(name)} has a name longer than 255 bytes`);
  }
  // Thousands of nested folders exhaust stacks and path lengths of whatever walks them afterwards.
  if (parts.length > maxDepth) throw tooLarge(`${excerpt(name)} is nested deeper than ${maxDepth} folders`);
  return parts.join('/');
}

/** An error about an archive that tries something. */
export function unsafe(what: string): SealerError {
  return new SealerError('UNSAFE_ARCHIVE', `The archive is unsafe: ${what}`);
}

/** An error about an archive beyond its limits. */
export function tooLarge(what: string): SealerError {
  return new SealerError('ARCHIVE_TOO_LARGE', `The archive is too large: ${what}`);
}

/** An error about an archive that cannot be read. */
export function corrupt(what: string, cause?: unknown): SealerError {
  return new SealerError('CORRUPT_ARCHIVE', `The archive is damaged: ${what}`, { cause });
}

/** A name for an error message: quoted, with its control characters escaped, and cut. */
export function excerpt(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 120)}…` : name);
}
