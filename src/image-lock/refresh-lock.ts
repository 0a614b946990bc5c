/** A lock as it would be now: of all that is needed, or of some names alone. */

import { SealerError } from '../error.ts';
import { type Platform, parsePlatform } from '../oci/platform.ts';
import { formatReference, parseReference, type Reference } from '../oci/reference.ts';
import { didYouMean } from '../suggest.ts';
import { EMPTY_LOCK, type ImageLock, type LockedContent, recordedImages } from './lock.ts';
import { type LockImagesOptions, lockFromHarvest, type ResolvedImage } from './lock-images.ts';

/** What the content needs. */
export interface NeededContent<Image extends { readonly reference: Reference }> {
  /** Each name once, those of earlier recordings too. */
  readonly images: readonly Image[];
  /** What bases and charts are now; undefined where nobody has looked: then the lock keeps what it has. */
  readonly bases?: ReadonlyMap<string, LockedContent> | undefined;
  readonly charts?: ReadonlyMap<string, LockedContent> | undefined;
}

export interface RefreshOptions<Image> extends Omit<LockImagesOptions, 'previous'> {
  /** The lock as it is; undefined where there is none. */
  readonly previous: ImageLock | undefined;
  /** As the user wrote them; none means everything. */
  readonly names: readonly string[];
  /** Asks what images mean now. Those that may be missing, and are, it leaves out. */
  readonly resolve: (images: readonly Image[]) => Promise<readonly ResolvedImage[]>;
}

/**
 * Makes the lock anew. With names, only their entries change, and one that nothing needs any more goes.
 * @throws SealerError USAGE when a name is neither needed nor in the lock; INVALID_REFERENCE; what `resolve` throws
 */
export async function refreshLock<Image extends { readonly reference: Reference }>(
  needed: NeededContent<Image>,
  { previous = EMPTY_LOCK, names, resolve, ...options }: RefreshOptions<Image>,
): Promise<ImageLock> {
  const lockOptions = { ...options, previous: previous.images };
  if (names.length === 0) {
    return {
      images: await lockFromHarvest(await resolve(needed.images), lockOptions),
      bases: needed.bases ?? previous.bases,
      charts: needed.charts ?? previous.charts,
    };
  }
  const chosen = new Set(names.map((name) => choose(name, needed, previous)));
  const images = needed.images.filter(({ reference }) => chosen.has(formatReference(reference)));
  const entries = images.length === 0 ? EMPTY_LOCK.images : await lockFromHarvest(await resolve(images), lockOptions);
  return {
    images: replaced(previous.images, entries, chosen),
    bases: replaced(previous.bases, needed.bases ?? previous.bases, chosen),
    charts: replaced(previous.charts, needed.charts ?? previous.charts, chosen),
  };
}

/** The platforms that a lock knows, in the order of their names. */
export function lockedPlatforms(lock: ImageLock): readonly Platform[] {
  const names = [...lock.images.values()].flatMap(({ platforms }) => Object.keys(platforms));
  return [...new Set(names)].sort().map(parsePlatform);
}

/** The images that only a recording found, which nothing in the content names, as findings of the lock. */
export function recordedBesides(
  lock: ImageLock,
  named: readonly { readonly reference: Reference }[],
): readonly Reference[] {
  const known = new Set(named.map(({ reference }) => formatReference(reference)));
  return recordedImages(lock)
    .filter((name) => !known.has(name))
    .map(parseReference);
}

function choose(
  text: string,
  { images, bases, charts }: NeededContent<{ readonly reference: Reference }>,
  previous: ImageLock,
): string {
  const others = [bases, charts, previous.images, previous.bases, previous.charts];
  const known = new Set([
    ...images.map(({ reference }) => formatReference(reference)),
    ...others.flatMap((each) => [...(each?.keys() ?? [])]),
  ]);
  const name = known.has(text) ? text : formatReference(parseReference(text));
  if (known.has(name)) return name;
  throw new SealerError('USAGE', `Nothing names ${text}, and the lock does not know it`, {
    hint: didYouMean(name, known) ?? 'Write the name as it stands in the lock, with its tag.',
  });
}

/** The entries of some names as they are now, all others as they were. */
function replaced<T>(
  before: ReadonlyMap<string, T>,
  now: ReadonlyMap<string, T>,
  chosen: ReadonlySet<string>,
): ReadonlyMap<string, T> {
  return new Map([
    ...[...before].filter(([name]) => !chosen.has(name)),
    ...[...now].filter(([name]) => chosen.has(name)),
  ]);
}
