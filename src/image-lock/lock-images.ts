/** From the images that a harvest has resolved to their entries in the lock. */

import { SealerError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import { type Document, selectPlatform } from '../oci/manifest.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { formatReference, type Reference } from '../oci/reference.ts';
import { EMPTY_LOCK, isRecording, type LockedImage } from './lock.ts';
import { type Naming, type PlaceOptions, reasonOf } from './reason.ts';

/** An image as it was found and resolved; what a harvest gives is one. */
export interface ResolvedImage {
  readonly reference: Reference;
  /** Of the index or manifest that the name stands for. */
  readonly digest: Digest;
  /** Those that it was resolved for. */
  readonly platforms: readonly Platform[];
  /** None if the base image carries it. */
  readonly manifests: readonly {
    readonly descriptor: { readonly digest: Digest };
    /** Undefined for artifacts, which are for all. */
    readonly platform: Platform | undefined;
  }[];
  readonly findings: readonly Naming[];
}

export interface LockImagesOptions extends PlaceOptions {
  /** What the lock said before: what cannot be told now is taken from it. */
  readonly previous?: ReadonlyMap<string, LockedImage> | undefined;
  /** Gives the index or manifest of an image that the base carries, if it is at hand. */
  readonly documentOf?: ((digest: Digest, reference: Reference) => Promise<Document | undefined>) | undefined;
}

/**
 * Makes the entries of images. An image that comes several times, once for each platform, is one entry. Platforms that
 * the entry had before stay as long as its digest does: they are as true as they were.
 * @returns by complete name, sorted
 */
export async function lockFromHarvest(
  images: readonly ResolvedImage[],
  options: LockImagesOptions,
): Promise<ReadonlyMap<string, LockedImage>> {
  const { previous = EMPTY_LOCK.images } = options;
  const entries = new Map<string, LockedImage>();
  for (const image of images) {
    const name = formatReference(image.reference);
    const before = previous.get(name);
    const known = entries.get(name);
    const kept = [known, before].filter((each) => each?.digest === image.digest).map((each) => each?.platforms);
    const platforms = Object.assign({}, ...kept.reverse(), await platformsOf(image, options));
    const reasons = reasonsOf(image, before, options);
    const from = [...new Set([...(known?.from ?? []), ...reasons])].sort();
    entries.set(name, { digest: image.digest, platforms: sortKeys(platforms), from });
  }
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function platformsOf(
  { reference, digest, platforms, manifests }: ResolvedImage,
  { documentOf }: LockImagesOptions,
): Promise<Readonly<Record<string, Digest>>> {
  if (manifests.length > 0) {
    const all = manifests.flatMap(({ descriptor, platform }) =>
      (platform === undefined ? platforms : [platform]).map((each) => [formatPlatform(each), descriptor.digest]),
    );
    return Object.fromEntries(all);
  }
  const document = await documentOf?.(digest, reference);
  if (document === undefined) return {};
  const found = platforms.flatMap((platform) => {
    const manifest = manifestFor(document, platform, formatReference(reference));
    return manifest === undefined ? [] : [[formatPlatform(platform), manifest]];
  });
  return Object.fromEntries(found);
}

function manifestFor(document: Document, platform: Platform, name: string): Digest | undefined {
  if (document.kind === 'manifest') return document.descriptor.digest;
  try {
    return selectPlatform(document.index, platform, name).digest;
  } catch (error) {
    // The platform may be in an index inside the index, which is not here.
    if (error instanceof SealerError && error.code === 'PLATFORM_NOT_FOUND') return undefined;
    throw error;
  }
}

/** Of a recording that only the lock remembers, the lock's words are kept. */
function reasonsOf(image: ResolvedImage, before: LockedImage | undefined, options: PlaceOptions): readonly string[] {
  const remembered = (before?.from ?? []).filter(isRecording);
  return image.findings.flatMap((finding) => {
    const isVague = finding.finder === 'recording' && finding.object === undefined;
    return isVague && remembered.length > 0 ? remembered : [reasonOf(finding, options)];
  });
}

function sortKeys<T>(record: Readonly<Record<string, T>>): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
