/** What container images the layers of a cluster image carry, told by the annotations of their descriptors alone. */

import { type Digest, isDigest } from '../../oci/digest.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import { formatPlatform, type Platform } from '../../oci/platform.ts';
import { formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import type { HarvestedImage } from '../harvest/harvested.ts';
import { BLOBS_ANNOTATION } from './wrapped-blob.ts';

/** Annotation of a layer: JSON `[{image, digest, platforms, size}]`, the container images whose links it has. */
export const LAYER_IMAGES_ANNOTATION = 'sealer.images';

export interface CarriedImage {
  /** The complete name. */
  readonly image: string;
  /** Of the index or manifest that the name stands for. */
  readonly digest: Digest;
  /** `linux/amd64` …: those that are complete. */
  readonly platforms: readonly string[];
  /** Bytes of all its content, as a registry keeps it. */
  readonly size: number;
}

export interface BundleInventory {
  /** By complete name; of a name that stands in several layers the uppermost counts. */
  readonly images: ReadonlyMap<string, CarriedImage>;
  /** Large blobs. */
  readonly blobs: ReadonlySet<Digest>;
}

/** What an image of no layers carries. */
export const EMPTY_INVENTORY: BundleInventory = { images: new Map(), blobs: new Set() };

/** Reads what an image carries. Annotations that make no sense are left out: then things are carried twice. */
export function readInventory(manifest: Pick<ImageManifest, 'layers'>): BundleInventory {
  const images = manifest.layers.flatMap(({ annotations }) => imagesOf(annotations?.[LAYER_IMAGES_ANNOTATION]));
  const blobs = manifest.layers.flatMap(({ annotations }) => (annotations?.[BLOBS_ANNOTATION] ?? '').split(' '));
  return { images: new Map(images.map((each) => [each.image, each])), blobs: new Set(blobs.filter(isDigest)) };
}

/** Whether all that is wanted of an image is carried already. */
export function isCarriedBy(
  inventory: BundleInventory,
  reference: Reference,
  digest: Digest,
  platforms: readonly Platform[],
): CarriedImage | undefined {
  const carried = inventory.images.get(formatReference(reference));
  const isComplete =
    carried?.digest === digest && platforms.every((each) => carried.platforms.includes(formatPlatform(each)));
  return isComplete ? carried : undefined;
}

/** The annotation's value for a layer with the links of some images. */
export function serializeCarried(images: readonly HarvestedImage[]): string {
  const list = images.map(({ reference, digest, platforms, size }) => ({
    image: formatReference(reference),
    digest,
    platforms: platforms.map(formatPlatform),
    size,
  }));
  return JSON.stringify(list);
}

function imagesOf(text: string | undefined): readonly CarriedImage[] {
  let list: unknown;
  try {
    list = JSON.parse(text ?? '[]');
  } catch {
    return [];
  }
  return Array.isArray(list) ? list.flatMap(parseCarried) : [];
}

function parseCarried(value: unknown): readonly CarriedImage[] {
  const { image, digest, platforms, size } = (value ?? {}) as Record<string, unknown>;
  if (typeof image !== 'string' || typeof digest !== 'string' || !isDigest(digest)) return [];
  const list = Array.isArray(platforms) ? platforms.filter((each) => typeof each === 'string') : [];
  try {
    const name = formatReference(parseReference(image));
    return [{ image: name, digest, platforms: list, size: typeof size === 'number' ? size : 0 }];
  } catch {
    return [];
  }
}
