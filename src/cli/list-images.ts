/** What `sealer images` tells of each image in the store. */

import type { Descriptor } from '../oci/descriptor.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { formatPlatform, type Platform } from '../oci/platform.ts';
import { parseReference } from '../oci/reference.ts';
import { imageSize, type NamedImage, reachable, type Store } from '../oci/store/index.ts';

export interface ListedImage {
  readonly name: string;
  /** Registry and path, as completed. */
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: string;
  readonly mediaType: string;
  /** Those that the store holds. */
  readonly platforms: readonly string[];
  /** Bytes of everything that the image refers to and the store holds, each blob counted once. */
  readonly size: number;
}

/**
 * Describes an image; parts of an index that were never pulled are left out of its size and platforms.
 * @throws SealerError INVALID_MANIFEST
 */
export async function describeImage(store: Store, { name, descriptor }: NamedImage): Promise<ListedImage> {
  const { registry, repository, tag } = parseReference(name);
  return {
    name,
    repository: `${registry}/${repository}`,
    tag,
    digest: descriptor.digest,
    mediaType: descriptor.mediaType,
    platforms: await platformsOf(store, descriptor),
    size: (await imageSize(store, descriptor)).bytes,
  };
}

async function platformsOf(store: Store, image: Descriptor): Promise<readonly string[]> {
  const platforms = new Set<string>();
  for await (const descriptor of reachable(store, image)) {
    const isThere = (await store.stat(descriptor.digest)) !== undefined;
    if (descriptor.platform !== undefined && isThere) platforms.add(formatPlatform(descriptor.platform));
  }
  const own = platforms.size === 0 ? await platformOfConfig(store, image) : undefined;
  return own === undefined ? [...platforms] : [formatPlatform(own)];
}

/** An image without an index says its platform in its config. */
async function platformOfConfig(store: Store, image: Descriptor): Promise<Platform | undefined> {
  if ((await store.stat(image.digest)) === undefined) return undefined;
  const document = await store.document(image.digest);
  if (document.kind === 'index' || (await store.stat(document.manifest.config.digest)) === undefined) return undefined;
  try {
    return parseImageConfig(await store.bytes(document.manifest.config.digest));
  } catch {
    // Artifacts have configs of other kinds, and no platform.
    return undefined;
  }
}
