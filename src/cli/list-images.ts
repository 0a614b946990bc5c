/** What `sealer images` tells of each image in the store. */

import type { Descriptor } from '../oci/descriptor.ts';
import type { Document } from '../oci/manifest.ts';
import { isIndexType } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import type { Store } from '../oci/store/index.ts';
import type { NamedImage } from './find-image.ts';

export interface ListedImage {
  readonly name: string;
  /** Registry and path, as completed. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string;
  readonly mediaType: string;
  readonly platforms: readonly string[];
  /** Bytes of everything that the image refers to and the store holds, each blob counted once. */
  readonly size: number;
}

/** Describes an image; parts of an index that were never pulled are left out of its size and platforms. */
export async function describeImage(store: Store, { name, descriptor }: NamedImage): Promise<ListedImage> {
  const { registry, repository, tag } = parseReference(name);
  const sizes = new Map<string, number>();
  const platforms = new Set<string>();
  await addTree(store, descriptor, sizes, platforms);
  return {
    name,
    repository: `${registry}/${repository}`,
    tag,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    platforms: [...platforms],
    size: [...sizes.values()].reduce((sum, size) => sum + size, 0),
  };
}

async function addTree(
  store: Store,
  descriptor: Descriptor,
  sizes: Map<string, number>,
  platforms: Set<string>,
): Promise<void> {
  if (sizes.has(descriptor.digest) || (await store.stat(descriptor.digest)) === undefined) return;
  sizes.set(descriptor.digest, descriptor.size);
  const document = await store.document(descriptor.digest);
  if (document.kind === 'index') {
    for (const each of document.index.manifests) await addTree(store, each, sizes, platforms);
    return;
  }
  for (const each of blobsOf(document)) sizes.set(each.digest, each.size);
  const platform = descriptor.platform ?? (isIndexType(descriptor.mediaType) ? undefined : await platformOf(store, document));
  if (platform !== undefined) platforms.add(typeof platform === 'string' ? platform : formatPlatform(platform));
}

function blobsOf(document: Document): readonly Descriptor[] {
  return document.kind === 'index' ? [] : [document.manifest.config, ...document.manifest.layers];
}

/** An image that is tagged without an index says its platform in its config. */
async function platformOf(store: Store, document: Document): Promise<string | undefined> {
  if (document.kind === 'index' || (await store.stat(document.manifest.config.digest)) === undefined) return undefined;
  const config: unknown = JSON.parse((await store.bytes(document.manifest.config.digest)).toString('utf8'));
  if (typeof config !== 'object' || config === null || !('os' in config) || !('architecture' in config)) return undefined;
  const variant = 'variant' in config && typeof config.variant === 'string' ? config.variant : undefined;
  return formatPlatform({ os: String(config.os), architecture: String(config.architecture), variant });
}
