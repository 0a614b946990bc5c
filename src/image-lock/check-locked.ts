/** Whether a lock is complete for what a build needs: `--locked`. */

import { formatPlace, type Place, type Problem } from '../error.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { familiarReference, formatReference, parseReference, type Reference } from '../oci/reference.ts';
import { type ImageLock, isRecording } from './lock.ts';

/** An image that the content names. */
export interface NeededImage {
  readonly reference: Reference;
  readonly findings: readonly {
    readonly at: Place;
    /** What is only `possible` may be something else: it needs no entry, and keeps one that is there. */
    readonly certainty?: 'certain' | 'possible' | undefined;
  }[];
}

/**
 * Finds what a lock lacks, and what it has for nothing.
 * @param file the lock, as the user knows it
 * @returns LOCK_STALE problems: a name that is not in the lock, with the places that name it; a platform that an entry
 *   lacks; an entry that nothing names (recorded ones excepted)
 */
export function checkLocked(
  lock: ImageLock,
  needed: readonly NeededImage[],
  platforms: readonly Platform[],
  file: string,
): readonly Problem[] {
  const named = new Set(needed.map(({ reference }) => formatReference(reference)));
  const unused = [...lock.images].filter(([name, { from }]) => !named.has(name) && !from.some(isRecording));
  return [
    ...needed.flatMap((image) => checkImage(lock, image, platforms, file)),
    ...unused.map(
      ([name]): Problem => ({
        code: 'LOCK_STALE',
        message: `${familiar(name)} is in ${file}, and nothing names it any more`,
        hint: UPDATE,
        at: { file },
      }),
    ),
  ];
}

const UPDATE = 'Run "sealer lock --update" and commit what it writes.';

function checkImage(
  lock: ImageLock,
  { reference, findings }: NeededImage,
  platforms: readonly Platform[],
  file: string,
): readonly Problem[] {
  const entry = lock.images.get(formatReference(reference));
  const certain = findings.filter(({ certainty }) => certainty !== 'possible');
  if (entry === undefined && certain.length === 0 && findings.length > 0) return [];
  const missing =
    entry === undefined
      ? `is not in ${file}`
      : missingPlatforms(entry.platforms, platforms).map((each) => `has no ${each} in ${file}`)[0];
  if (missing === undefined) return [];
  const [first, ...others] = certain.length === 0 ? findings : certain;
  const also = others.length === 0 ? '' : ` (also named at ${others.map(({ at }) => formatPlace(at)).join(', ')})`;
  const message = `${familiarReference(reference)} ${missing}${also}`;
  return [{ code: 'LOCK_STALE', message, hint: UPDATE, at: first?.at ?? { file } }];
}

function missingPlatforms(locked: Readonly<Record<string, unknown>>, wanted: readonly Platform[]): readonly string[] {
  // Nobody has looked into the index of such an image; its digest pins it all the same.
  if (Object.keys(locked).length === 0) return [];
  return wanted.map(formatPlatform).filter((platform) => locked[platform] === undefined);
}

function familiar(name: string): string {
  return familiarReference(parseReference(name));
}
