/** What of a cluster image goes where: found out on the runner, once, before any host is touched. */

import {
  LAYER_ANNOTATION,
  parseContainerImages,
  REGISTRY_ROOT,
  readInventory,
  repositoryPath,
} from '../../cluster-image/index.ts';
import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, shortDigest } from '../../oci/digest.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import { formatReference, isReference, parseReference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { indexLayer, type LayerIndex } from '../../oci/tree/index.ts';
import { inParallel } from '../../parallel.ts';
import { type Item, layerItem, wrappedItem } from './item.ts';
import { type ListedLayer, type UnpackStep, unpackSteps } from './unpack-steps.ts';

/** A cluster image taken apart. */
export interface DistributedImage {
  /** Of the manifest. */
  readonly digest: Digest;
  /** For every host: the layers of the rootfs. */
  readonly files: readonly Item[];
  /** For registry hosts: blobs of container images, and layers with the rest of the registry's storage. */
  readonly images: readonly Item[];
  /** How the rootfs is made of `files`. */
  readonly unpack: readonly UnpackStep[];
  /** How what is no blob of its own in the registry's storage is made of layers. */
  readonly merge: readonly UnpackStep[];
  /**
   * Repositories of images that the Go sealer made have no registry host in their names; by these names, which have
   * one, they are found as all others are.
   */
  readonly aliases: readonly { readonly repository: string; readonly alias: string }[];
}

/** Lists are read in parallel with a limit: each is a stream through a decompressor. */
const READING = 2;

/**
 * Takes an image of the store apart. Each layer of files is read once (the store remembers its list), so that a hostile
 * or broken one is refused before it is sent anywhere.
 * @throws SealerError IMAGE_NOT_FOUND, UNSAFE_ARCHIVE, CORRUPT_ARCHIVE, ARCHIVE_TOO_LARGE, DIGEST_MISMATCH
 */
export async function readImage(
  store: Store,
  image: { readonly digest: Digest; readonly manifest: Pick<ImageManifest, 'layers' | 'annotations'> },
  signal?: AbortSignal,
): Promise<DistributedImage> {
  const layers = await inParallel(image.manifest.layers, READING, (layer) => classify(store, layer, signal));
  const listed = layers.filter((layer) => layer.kind !== 'blob');
  const rootfs = listed.filter(({ kind }) => kind !== 'images');
  const storage = listed.filter(({ kind }) => kind !== 'files');
  for (const layer of storage) checkStorage(layer);
  const mixed = rootfs.some(({ kind }) => kind === 'both');
  return {
    digest: image.digest,
    files: unique(rootfs.map(({ item }) => item)),
    images: unique(layers.filter(({ kind }) => kind === 'blob' || kind === 'images').map(({ item }) => item)),
    unpack: [...unpackSteps(rootfs), ...(mixed ? [{ verb: 'remove' as const, value: REGISTRY_ROOT }] : [])],
    merge: unpackSteps(storage),
    aliases: aliasesOf(image.manifest),
  };
}

type Classified =
  /** A layer that is one blob of the registry's storage. */
  | { readonly kind: 'blob'; readonly item: Item }
  /** `both`: files of the rootfs and of the registry's storage in one layer. */
  | (ListedLayer & { readonly kind: 'files' | 'images' | 'both'; readonly item: Item });

async function classify(store: Store, layer: Descriptor, signal: AbortSignal | undefined): Promise<Classified> {
  const said = layer.annotations?.[LAYER_ANNOTATION];
  if (said === 'images') {
    const item = await wrappedItem(store, layer, said);
    if (item !== undefined) return { kind: 'blob', item };
  }
  const index = await indexLayer(store, layer, signal);
  const kind = said === 'images' ? 'images' : said === undefined ? kindBy(index) : 'files';
  return {
    kind,
    descriptor: layer,
    index,
    item: layerItem(store, layer, said ?? (kind === 'images' ? kind : 'rootfs')),
  };
}

/** Layers of the Go sealer do not say what they hold. */
function kindBy({ entries, whiteouts, opaques }: LayerIndex): 'files' | 'images' | 'both' {
  const paths = [...entries.map(({ path }) => path), ...whiteouts, ...opaques];
  const count = paths.filter(isInStorage).length;
  if (count === 0) return 'files';
  return count === paths.length ? 'images' : 'both';
}

/** The storage grows with every image and is written to by root: nothing in it may lead elsewhere. */
function checkStorage({ descriptor, index }: ListedLayer): void {
  const link = index.entries.find(({ path, type }) => isInStorage(path) && (type === 'symlink' || type === 'hardlink'));
  if (link === undefined) return;
  throw new SealerError(
    'UNSAFE_ARCHIVE',
    `The layer ${shortDigest(descriptor.digest)} has a link in the registry's storage: ${JSON.stringify(link.path)}`,
    { hint: 'A registry keeps plain files; build the image again.' },
  );
}

function isInStorage(path: string): boolean {
  return path === REGISTRY_ROOT || path.startsWith(`${REGISTRY_ROOT}/`);
}

/** What the image says it has and what our layers do not have. */
function aliasesOf(manifest: Pick<ImageManifest, 'layers' | 'annotations'>): DistributedImage['aliases'] {
  const ours = readInventory(manifest).images;
  const names = parseContainerImages(manifest).flatMap(({ image }) =>
    isReference(image) ? [parseReference(image)] : [],
  );
  const foreign = names.filter((name) => !ours.has(formatReference(name)));
  const aliases = foreign.map((name) => ({ repository: name.repository, alias: repositoryPath(name) }));
  return [...new Map(aliases.map((each) => [each.alias, each])).values()];
}

/** An image may have a layer twice; it is brought once. */
function unique(items: readonly Item[]): readonly Item[] {
  return [...new Map(items.map((item) => [item.place, item])).values()];
}
