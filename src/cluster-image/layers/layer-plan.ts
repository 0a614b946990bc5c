/** Which blobs become layers of their own and which images share a layer, within the layers that are left. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import { blobsOf, type HarvestedImage } from '../harvest/harvested.ts';
import { repositoryPath } from './registry-layout.ts';

export interface LayerPlan {
  /** Blobs that are a layer each, sorted by digest. */
  readonly own: readonly Descriptor[];
  /** Images whose documents, small blobs and links are a layer together; sorted. */
  readonly packs: readonly Pack[];
}

export interface Pack {
  readonly images: readonly HarvestedImage[];
  /** Large blobs that found no layer of their own. */
  readonly large: readonly Descriptor[];
}

/**
 * Plans the layers.
 *
 * With enough layers left, which is so for all but huge images, each large blob and each container image has its own: a
 * layer then depends on nothing else in the cluster image, and all cluster images share it. A pack holds the image's
 * small blobs and its links both: they change together, and one layer less per image leaves room for more images.
 *
 * Where layers run out, half of what is left goes to images and half to blobs. Images that outnumber their half share
 * packs by the hash of their repository's name, so a new version of an image changes its own pack, and another one only
 * if a blob there gains or loses its layer by it. Of the blobs those that would cost most if they were packed (size times uses) get a layer; the others lie in the pack of each image that
 * has them, so that a pack depends on its own images alone.
 * @param images those that are to be carried
 * @param isLarge whether a blob is worth a layer
 * @param budget layers left, at least 1
 * @throws SealerError TOO_MANY_LAYERS when there is none left
 */
export function planLayers(
  images: readonly HarvestedImage[],
  isLarge: (blob: Descriptor) => boolean,
  budget: number,
): LayerPlan {
  if (images.length === 0) return { own: [], packs: [] };
  if (budget < 1) {
    throw new SealerError('TOO_MANY_LAYERS', 'No layer is left for the container images', {
      hint: 'Put several COPY or RUN instructions into one.',
    });
  }
  const ranked = rank(images, isLarge);
  const forBlobs = Math.min(ranked.length, Math.floor(budget / 2));
  const groups = images.length <= budget - forBlobs ? images.map((image) => [image]) : bucketed(images, budget);
  const own = ranked.slice(0, budget - groups.length);
  const isOwn = new Set(own.map(({ digest }) => digest));
  return {
    own: own.sort((a, b) => (a.digest < b.digest ? -1 : 1)),
    packs: groups.map((group) => ({
      images: group,
      large: blobsOf(group.flatMap(({ manifests }) => manifests)).filter(
        (blob) => isLarge(blob) && !isOwn.has(blob.digest),
      ),
    })),
  };
}

/** Large blobs, the most worth a layer first. */
function rank(images: readonly HarvestedImage[], isLarge: (blob: Descriptor) => boolean): Descriptor[] {
  const uses = new Map<string, { blob: Descriptor; count: number }>();
  for (const { manifests } of images) {
    for (const blob of blobsOf(manifests).filter(isLarge)) {
      const known = uses.get(blob.digest);
      if (known === undefined) uses.set(blob.digest, { blob, count: 1 });
      else known.count++;
    }
  }
  return [...uses.values()]
    .sort((a, b) => b.blob.size * b.count - a.blob.size * a.count || (a.blob.digest < b.blob.digest ? -1 : 1))
    .map(({ blob }) => blob);
}

/** The number of buckets is a power of two, so that it stays the same when the budget changes a little. */
function bucketed(images: readonly HarvestedImage[], budget: number): HarvestedImage[][] {
  const count = 2 ** Math.floor(Math.log2(Math.max(1, budget - Math.floor(budget / 2))));
  const buckets = Array.from({ length: count }, (): HarvestedImage[] => []);
  for (const image of images) {
    const hash = Number.parseInt(hexOf(digestOf(repositoryPath(image.reference))).slice(0, 8), 16);
    buckets[hash % count]?.push(image);
  }
  return buckets.filter((bucket) => bucket.length > 0);
}
