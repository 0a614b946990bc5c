/** What an image in the store is there for. */

import type { Descriptor } from '../oci/descriptor.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import { DOCKER_CONFIG, isManifestType, OCI_CONFIG } from '../oci/media-types.ts';
import type { Platform } from '../oci/platform.ts';
import type { Store } from '../oci/store/index.ts';

/** A manifest of an image, and the platform that it serves. */
export interface PlatformManifest {
  readonly platform: Platform;
  readonly descriptor: Descriptor;
}

/** Indexes inside indexes are allowed; nobody nests them deeper than this. */
const MAX_DEPTH = 4;

/** The platforms of an image as far as they are in the store. An artifact is for none. */
export async function platformsOf(store: Store, descriptor: Descriptor): Promise<readonly Platform[]> {
  return (await manifestsOf(store, descriptor)).map(({ platform }) => platform);
}

/** The manifests of an image that are in the store. What an index says of a platform counts, else the image's config. */
export async function manifestsOf(
  store: Store,
  descriptor: Descriptor,
  depth = 0,
): Promise<readonly PlatformManifest[]> {
  if ((await store.stat(descriptor.digest)) === undefined || depth > MAX_DEPTH) return [];
  const document = await store.document(descriptor.digest);
  if (document.kind === 'index') {
    const found: PlatformManifest[] = [];
    for (const child of document.index.manifests) found.push(...(await manifestsOf(store, child, depth + 1)));
    return found;
  }
  const { mediaType, digest, size, platform } = descriptor;
  const bare = { mediaType: isManifestType(mediaType) ? mediaType : document.descriptor.mediaType, digest, size };
  // Attestations of BuildKit are manifests for the platform unknown/unknown.
  if (platform !== undefined) return platform.os === 'unknown' ? [] : [{ platform, descriptor: bare }];
  const { config } = document.manifest;
  if (config.mediaType !== OCI_CONFIG && config.mediaType !== DOCKER_CONFIG) return [];
  const { os, architecture, variant } = parseImageConfig(await store.bytes(config.digest));
  if (typeof os !== 'string' || typeof architecture !== 'string' || os === '' || architecture === '') return [];
  return [{ platform: { os, architecture, ...(variant === undefined ? {} : { variant }) }, descriptor: bare }];
}
