/** Container images as layers of a cluster image. */

import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { matchesPlatform, type Platform } from '../../oci/platform.ts';
import type { Store } from '../../oci/store/index.ts';
import { inParallel } from '../../parallel.ts';
import { LAYER_ANNOTATION } from '../extension.ts';
import { type BundledLayer, blobsOf, type Harvest, type HarvestedImage } from '../harvest/harvested.ts';
import { type BundleInventory, EMPTY_INVENTORY, LAYER_IMAGES_ANNOTATION, serializeCarried } from './inventory.ts';
import { type Pack, planLayers } from './layer-plan.ts';
import { type PackedFile, packFiles } from './pack.ts';
import { blobPath, layerLink, repositoryPath, revisionLink, tagLinks } from './registry-layout.ts';
import { BLOBS_ANNOTATION } from './wrapped-blob.ts';

export interface BundleOptions {
  readonly store: Store;
  /** How many layers may be added. */
  readonly budget: number;
  /** What the base image carries; it is not added again. */
  readonly have?: BundleInventory | undefined;
  /** The platforms of the cluster image, if the harvest is for more. */
  readonly platforms?: readonly Platform[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Packs are small files read and written; a few at once hide the waiting. */
const PACKING = 4;

/**
 * Makes the layers that carry the harvested images: first a layer for each large blob, then one for each image with its
 * documents, small blobs and links (layer-plan.ts tells what happens when there are too many).
 * @throws SealerError TOO_MANY_LAYERS
 */
export async function bundleLayers(harvest: Harvest, options: BundleOptions): Promise<readonly BundledLayer[]> {
  const { store, budget, have = EMPTY_INVENTORY, platforms, signal } = options;
  const images = harvest.images.filter(({ isCarried }) => !isCarried).map((image) => reduceTo(image, platforms));
  const isLarge = ({ digest }: Descriptor) => harvest.blobLayers.has(digest) && !have.blobs.has(digest);
  const { own, packs } = planLayers(images, isLarge, budget);
  const tags = tagOwners(harvest.images, have);
  const layers = own.flatMap(({ digest }) => harvest.blobLayers.get(digest) ?? []);
  const packed = await inParallel(packs, PACKING, async (pack) => {
    const isElsewhere = ({ digest }: Descriptor) =>
      have.blobs.has(digest) || (harvest.blobLayers.has(digest) && !pack.large.some((each) => each.digest === digest));
    const files = pack.images.flatMap((image) => filesOf(image, isElsewhere, tags));
    const { descriptor, diffId } = await packFiles(store, files, signal);
    return { descriptor: { ...descriptor, annotations: annotationsOf(pack) }, diffId };
  });
  return [...layers, ...packed];
}

/** An image without the manifests of other platforms. */
function reduceTo(image: HarvestedImage, platforms: readonly Platform[] | undefined): HarvestedImage {
  if (platforms === undefined) return image;
  const isWanted = (platform: Platform | undefined) =>
    platform === undefined || platforms.some((wanted) => matchesPlatform(wanted, platform));
  const manifests = image.manifests.filter(({ platform }) => isWanted(platform));
  const content = [...image.indexes, ...manifests.map(({ descriptor }) => descriptor), ...blobsOf(manifests)];
  const size = content.reduce((sum, each) => sum + each.size, 0);
  return { ...image, manifests, platforms: image.platforms.filter(isWanted), size };
}

function filesOf(
  image: HarvestedImage,
  isElsewhere: (blob: Descriptor) => boolean,
  tags: ReadonlyMap<string, Digest>,
): readonly PackedFile[] {
  const repository = repositoryPath(image.reference);
  const documents = [...image.indexes, ...image.manifests.map(({ descriptor }) => descriptor)];
  const blobs = blobsOf(image.manifests);
  const { tag } = image.reference;
  const links = [
    ...documents.map(({ digest }) => revisionLink(repository, digest)),
    ...blobs.map(({ digest }) => layerLink(repository, digest)),
    ...(tag !== undefined && tags.get(`${repository}:${tag}`) === image.digest
      ? tagLinks(repository, tag, image.digest)
      : []),
  ];
  return [
    ...[...documents, ...blobs.filter((blob) => !isElsewhere(blob))].map((blob) => ({
      path: blobPath(blob.digest),
      blob,
    })),
    ...links.map(({ path, digest }) => ({ path, link: digest })),
  ];
}

/**
 * What each tag stands for. `app:1@sha256:…` makes the tag stand for its digest, too; but where somebody asks for
 * `app:1` alone, the answer of the registry counts, and where two digests claim a tag, neither gets it: who names a
 * digest is served by the digest.
 */
function tagOwners(images: readonly HarvestedImage[], have: BundleInventory): ReadonlyMap<string, Digest> {
  const pinned = new Map<string, Set<Digest>>();
  const plain = new Map<string, Digest>();
  for (const { reference, digest } of images) {
    if (reference.tag === undefined) continue;
    const name = `${repositoryPath(reference)}:${reference.tag}`;
    if (reference.digest === undefined) {
      plain.set(name, digest);
      continue;
    }
    const inBase = have.images.get(`${reference.registry}/${reference.repository}:${reference.tag}`);
    pinned.set(name, (pinned.get(name) ?? new Set()).add(digest));
    if (inBase !== undefined) pinned.get(name)?.add(inBase.digest);
  }
  const unanimous = [...pinned].flatMap(([name, digests]): [string, Digest][] => {
    const [digest] = digests;
    return digest === undefined || digests.size > 1 ? [] : [[name, digest]];
  });
  return new Map([...unanimous, ...plain]);
}

function annotationsOf({ images, large }: Pack): Record<string, string> {
  return {
    [LAYER_ANNOTATION]: 'images',
    ...(large.length === 0 ? {} : { [BLOBS_ANNOTATION]: large.map(({ digest }) => digest).join(' ') }),
    [LAYER_IMAGES_ANNOTATION]: serializeCarried(images),
  };
}
