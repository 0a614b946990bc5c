/** Brings the container images that a cluster image needs into the store, ready to become layers. */

import { certaintyOf, type NamedImage } from '../../discover/index.ts';
import type { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import { formatReference, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { inParallel } from '../../parallel.ts';
import { type Report, silent } from '../../progress.ts';
import { type BundleInventory, EMPTY_INVENTORY, isCarriedBy } from '../layers/inventory.ts';
import { type BroughtBlobs, bringBlobs, type WantedBlob } from './bring-blobs.ts';
import { blobsOf, type Harvest, type HarvestedImage } from './harvested.ts';
import type { ImageSource } from './image-source.ts';
import { type Failure, imagesMissing, isAboutOneImage } from './missing.ts';
import {
  isImageConfig,
  mayMean,
  type ResolvedName,
  type Resolver,
  rememberAnswer,
  resolveDigest,
  resolveImage,
} from './resolve-image.ts';

export interface HarvestOptions {
  readonly store: Store;
  readonly client: ImageSource;
  /** Each image has to be there for all of them. */
  readonly platforms: readonly Platform[];
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
  /** Ask no registry: what is not in the store is missing. */
  readonly offline?: boolean | undefined;
  /** Descriptors by complete name that are trusted (a lock file, a resolution of just now): no registry is asked. */
  readonly resolved?: ReadonlyMap<string, ResolvedName> | undefined;
  /**
   * Asked for an image that cannot be had from its registry, with the reason: whether something else (a local container
   * engine) brought it into the store, and under which digest.
   */
  readonly fallback?: ((reference: Reference, error: SealerError) => Promise<Digest | undefined>) | undefined;
  /** What the base image carries; none of it is fetched. */
  readonly have?: BundleInventory | undefined;
  /** Images that may be missing: where they cannot be had, the harvest goes on without them and says so. */
  readonly isOptional?: ((image: NamedImage) => boolean) | undefined;
}

/** How many images are resolved at once; each is two or three small requests. */
const RESOLVING = 16;
/** The same for those that are only possible: most of their time they wait for hosts that are none. */
const RESOLVING_POSSIBLE = 64;

/**
 * Fetches what is not in the store yet of each image: index, manifests, configs and layers of the wanted platforms. The
 * bytes of an index stay as they are, even if it lists more platforms: its digest is what people pin.
 *
 * If some images cannot be resolved, no layers are fetched: the report of all that is wrong comes within seconds, and
 * not after gigabytes.
 * @throws SealerError IMAGES_MISSING with a problem for each image that fails
 */
export async function harvest(images: readonly NamedImage[], options: HarvestOptions): Promise<Harvest> {
  const { report = silent, store, client, signal, offline = false, have = EMPTY_INVENTORY } = options;
  const { isOptional = () => false } = options;
  const { resolved, skipped, moved, reused } = await resolveImages(images, options);
  const wanted = wantedBlobs(resolved, have);
  const brought = await bringBlobs({ store, client, offline, signal, report }, wanted);
  const failures = blobFailures(images, resolved, brought);
  const needed = failures.filter(({ image }) => !isOptional(image));
  if (needed.length > 0) throw imagesMissing(needed);
  const incomplete = new Set(failures.map(({ image }) => image.reference));
  return {
    images: resolved.filter(({ reference }) => !incomplete.has(reference)),
    skipped: [...skipped, ...failures],
    blobLayers: brought.layers,
    moved: moved + brought.moved,
    reused: reused + brought.reused,
  };
}

export interface ResolvedImages {
  /** Sorted by name. */
  readonly resolved: readonly HarvestedImage[];
  /** Optional ones that cannot be had. */
  readonly skipped: readonly Failure[];
  /** Bytes that crossed the network, and that were in the store already. */
  readonly moved: number;
  readonly reused: number;
}

/**
 * The first half of a harvest: what each name means, with index, manifests and configs in the store, and no layers.
 * @throws SealerError IMAGES_MISSING with a problem for each image that fails
 */
export async function resolveImages(images: readonly NamedImage[], options: HarvestOptions): Promise<ResolvedImages> {
  const { report = silent, have = EMPTY_INVENTORY, isOptional = () => false, offline = false } = options;
  const { store, client, platforms, signal, resolved, fallback } = options;
  let moved = 0;
  let reused = 0;
  const count = (bytes: { readonly moved?: number; readonly reused?: number }): void => {
    moved += bytes.moved ?? 0;
    reused += bytes.reused ?? 0;
  };
  const resolver: Resolver = { store, client, platforms, signal, offline, resolved, fallback, count };
  const found = await resolveAll(resolver, images, { have, report, isOptional });
  return { ...found, moved, reused };
}

interface Resolving {
  readonly have: BundleInventory;
  readonly report: Report;
  readonly isOptional: (image: NamedImage) => boolean;
}

async function resolveAll(
  resolver: Resolver,
  images: readonly NamedImage[],
  { have, report, isOptional }: Resolving,
): Promise<{ readonly resolved: readonly HarvestedImage[]; readonly skipped: readonly Failure[] }> {
  const failures: Failure[] = [];
  const id = 'resolve-images';
  report({ type: 'start', id, label: 'Resolving container images', unit: 'items', total: images.length });
  const resolve = async (image: NamedImage): Promise<HarvestedImage | undefined> => {
    try {
      return await resolveOne(resolver, image, have);
    } catch (error) {
      resolver.signal?.throwIfAborted();
      if (!isAboutOneImage(error)) throw error;
      failures.push({ image, error });
      return undefined;
    } finally {
      report({ type: 'advance', id, delta: 1 });
    }
  };
  const [certain, possible] = [images.filter(isCertain), images.filter((image) => !isCertain(image))];
  const ends = await Promise.allSettled([
    inParallel(certain, RESOLVING, resolve),
    inParallel(possible, RESOLVING_POSSIBLE, resolve),
  ]);
  const resolved = ends.flatMap((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
  failures.sort((a, b) => images.indexOf(a.image) - images.indexOf(b.image));
  const needed = failures.filter(({ image }) => !isOptional(image));
  report({ type: 'end', id, outcome: needed.length === 0 ? 'done' : 'failed' });
  if (needed.length > 0) throw imagesMissing(needed);
  return { resolved: resolved.filter((image) => image !== undefined).sort(compareNames), skipped: failures };
}

function isCertain({ findings }: NamedImage): boolean {
  return certaintyOf(findings) === 'certain';
}

async function resolveOne(resolver: Resolver, image: NamedImage, have: BundleInventory): Promise<HarvestedImage> {
  const { reference } = image;
  try {
    return await resolveTo(resolver, image, have, await resolveDigest(resolver, reference, isCertain(image)));
  } catch (error) {
    resolver.signal?.throwIfAborted();
    if (!isAboutOneImage(error)) throw error;
    const digest = await resolver.fallback?.(reference, error);
    if (digest === undefined || !mayMean(resolver, reference, digest)) throw error;
    const found = await resolveTo(resolver, image, have, digest);
    const { descriptor } = await resolver.store.document(digest);
    await rememberAnswer(resolver.store, formatReference(reference), descriptor);
    return found;
  }
}

async function resolveTo(
  resolver: Resolver,
  { reference, findings }: NamedImage,
  have: BundleInventory,
  digest: Digest,
): Promise<HarvestedImage> {
  const { platforms } = resolver;
  const appNames = [...new Set(findings.flatMap(({ app }) => (app === undefined ? [] : [app])))].sort();
  const base = { reference, digest, platforms, findings, appNames, appName: appNames[0] };
  const carried = isCarriedBy(have, reference, digest, platforms);
  if (carried !== undefined) return { ...base, indexes: [], manifests: [], isCarried: true, size: carried.size };
  const { indexes, manifests } = await resolveImage(resolver, reference, digest);
  const content = [...indexes, ...manifests.map(({ descriptor }) => descriptor), ...blobsOf(manifests)];
  const size = content.reduce((sum, each) => sum + each.size, 0);
  return { ...base, indexes, manifests, isCarried: false, size };
}

/** Each blob once, with the images that it can be had from. */
function wantedBlobs(images: readonly HarvestedImage[], have: BundleInventory): readonly WantedBlob[] {
  const wanted = new Map<Digest, { descriptor: Descriptor; references: HarvestedImage['reference'][] }>();
  for (const { reference, manifests } of images) {
    for (const descriptor of blobsOf(manifests)) {
      // Configs came with their manifests.
      if (isImageConfig(descriptor) || have.blobs.has(descriptor.digest)) continue;
      const known = wanted.get(descriptor.digest);
      if (known === undefined) wanted.set(descriptor.digest, { descriptor, references: [reference] });
      else known.references.push(reference);
    }
  }
  return [...wanted.values()];
}

/** Each image that lacks a blob, with the first of the blobs' errors. */
function blobFailures(
  images: readonly NamedImage[],
  resolved: readonly HarvestedImage[],
  { failures }: BroughtBlobs,
): readonly Failure[] {
  if (failures.size === 0) return [];
  return resolved.flatMap(({ reference, manifests }) => {
    const error = blobsOf(manifests)
      .map(({ digest }) => failures.get(digest))
      .find((each) => each !== undefined);
    const image = images.find((each) => each.reference === reference);
    return error === undefined || image === undefined ? [] : [{ image, error }];
  });
}

function compareNames(a: HarvestedImage, b: HarvestedImage): number {
  return formatReference(a.reference) < formatReference(b.reference) ? -1 : 1;
}
