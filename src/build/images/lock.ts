/** `images.lock` in a build: what it pins, what it remembers, and how it is written. */

import { join } from 'node:path';
import type { HarvestedImage } from '../../cluster-image/index.ts';
import type { Finding, NamedImage } from '../../discover/index.ts';
import { SealerError } from '../../error.ts';
import {
  checkLocked,
  EMPTY_LOCK,
  type ImageLock,
  LOCK_FILE,
  type LockedContent,
  lockFromHarvest,
  readLockFile,
  recordedImages,
  writeLock,
  writeLockFile,
} from '../../image-lock/index.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { parseReference } from '../../oci/reference.ts';
import type { Builder } from '../builder.ts';
import type { BuildContext } from '../context/context.ts';
import type { BuildOptions } from '../options.ts';

/** The lock of a build, and what the build has used that belongs in it. */
export interface BuildLock {
  /** As the user knows it. */
  readonly file: string;
  /** Undefined where there is none, or it is not to be looked at. */
  readonly before: ImageLock | undefined;
  /** What bases and charts turned out to be; added to. */
  readonly bases: Map<string, LockedContent>;
  readonly charts: Map<string, LockedContent>;
}

/**
 * Reads the lock of a context.
 * @throws SealerError LOCK_INVALID; LOCK_STALE if it is required and not there
 */
export async function openLock(
  context: BuildContext,
  { lock = 'use' }: Pick<BuildOptions, 'lock'>,
): Promise<BuildLock> {
  const file = join(context.given, LOCK_FILE);
  const content = lock === 'ignore' ? undefined : await readLockFile(file, context.tree.root);
  if (lock === 'require' && content === undefined) {
    throw new SealerError('LOCK_STALE', `There is no ${file}`, { hint: 'Write it: sealer build --lock.' });
  }
  return { file, before: content?.lock, bases: new Map(), charts: new Map() };
}

/** The images that an earlier recording found: nothing else names them. */
export function recordedFindings({ before = EMPTY_LOCK, file }: BuildLock): readonly Finding[] {
  return recordedImages(before).map((name) => ({
    reference: parseReference(name),
    text: name,
    at: { file },
    finder: 'recording',
    certainty: 'certain',
  }));
}

/**
 * Refuses a lock that does not name all that is needed, or more than that.
 * @throws SealerError LOCK_STALE, each of them a problem
 */
export function requireComplete(
  { before, file }: BuildLock,
  images: readonly NamedImage[],
  platforms: readonly Platform[],
) {
  const problems = before === undefined ? [] : checkLocked(before, images, platforms, file);
  const [first] = problems;
  if (first === undefined) return;
  if (problems.length === 1) throw new SealerError(first.code, first.message, { at: first.at, hint: first.hint });
  throw new SealerError('LOCK_STALE', `${file} is stale: ${problems.length} entries are missing or too many`, {
    hint: first.hint,
    problems,
  });
}

/**
 * Writes what the build has used, and nothing else; comments stay.
 * @returns whether the file has changed
 */
export async function saveLock(
  { lock, context, options, world }: Builder,
  images: readonly HarvestedImage[],
): Promise<boolean> {
  const { store } = world;
  const { root } = context.tree;
  const text = (await readLockFile(lock.file, root))?.text;
  const entries = await lockFromHarvest(images, {
    context: context.given,
    imageLists: options.imageLists,
    previous: lock.before?.images,
    documentOf: async (digest: Digest) =>
      (await store.stat(digest)) === undefined ? undefined : await store.document(digest),
  });
  const after: ImageLock = { images: entries, bases: lock.bases, charts: lock.charts };
  return await writeLockFile(lock.file, writeLock(after, text), root);
}
