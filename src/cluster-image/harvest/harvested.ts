/** Container images as a harvest leaves them: all that is needed is in the store, and here is what it is. */

import type { Finding } from '../../discover/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Platform } from '../../oci/platform.ts';
import type { Reference } from '../../oci/reference.ts';
import type { Failure } from './missing.ts';

/** From this size on a blob is a layer of its own. */
export const LARGE_BLOB_BYTES = 1024 * 1024;

/** A container image that a cluster image carries. */
export interface BundledImage {
  readonly reference: Reference;
  /** Of the index or manifest, as its registry has it. */
  readonly digest: Digest;
  /** Those that are complete. */
  readonly platforms: readonly Platform[];
}

export interface HarvestedManifest {
  readonly descriptor: Descriptor;
  /** Of the wanted platforms the one it is for; undefined for artifacts, which are for all. */
  readonly platform: Platform | undefined;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

export interface HarvestedImage extends BundledImage {
  readonly findings: readonly Finding[];
  /** The apps that name it, sorted. */
  readonly appNames: readonly string[];
  /** The first of them. */
  readonly appName?: string | undefined;
  /** The index, and indexes inside it; none for an image of one platform. */
  readonly indexes: readonly Descriptor[];
  readonly manifests: readonly HarvestedManifest[];
  /** Whether the base image carries all of it already. Then there are no manifests here. */
  readonly isCarried: boolean;
  /** Bytes of all its content, as a registry keeps it. */
  readonly size: number;
}

/** A layer, and what it is without compression. */
export interface BundledLayer {
  readonly descriptor: Descriptor;
  readonly diffId: Digest;
}

export interface Harvest {
  /** Sorted by name. */
  readonly images: readonly HarvestedImage[];
  /** Optional images that cannot be had, and why. */
  readonly skipped: readonly Failure[];
  /** Of each large blob the layer around it. */
  readonly blobLayers: ReadonlyMap<Digest, BundledLayer>;
  /** Bytes that crossed the network. */
  readonly moved: number;
  /** Bytes that were in the store already. */
  readonly reused: number;
}

/** Config and layers of manifests, each digest once. */
export function blobsOf(manifests: readonly HarvestedManifest[]): readonly Descriptor[] {
  const blobs = manifests.flatMap(({ config, layers }) => [config, ...layers]);
  return [...new Map(blobs.map((blob) => [blob.digest, blob])).values()];
}
