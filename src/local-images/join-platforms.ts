/** One image for several platforms, from archives or engines that each hold it for one. */

import { SealerError } from '../error.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { serialize } from '../oci/manifest.ts';
import { OCI_INDEX } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { Store } from '../oci/store/index.ts';
import { manifestsOf, type PlatformManifest } from './platforms-of.ts';

/** An image of one name, and where it came from. */
export interface ImagePart {
  readonly descriptor: Descriptor;
  readonly from: string;
}

/**
 * The image itself if there is one, else an index over all of them, which is the same whatever order they come in.
 * @param name the complete name, for messages
 * @throws SealerError IMAGE_CONFLICT if two are for one platform
 */
export async function joinPlatforms(store: Store, name: string, parts: readonly ImagePart[]): Promise<Descriptor> {
  const different = new Map<Digest, ImagePart>(parts.map((part) => [part.descriptor.digest, part]));
  const [only, ...others] = different.values();
  if (only === undefined) throw new Error(`There is no image for ${name}`);
  if (others.length === 0) return only.descriptor;
  const byPlatform = new Map<string, PlatformManifest & { readonly from: string }>();
  for (const { descriptor, from } of different.values()) {
    for (const manifest of await manifestsOf(store, descriptor)) {
      const platform = formatPlatform(manifest.platform);
      const same = byPlatform.get(platform);
      if (same !== undefined && same.descriptor.digest !== manifest.descriptor.digest) {
        throw conflict(name, platform, [same.from, from]);
      }
      byPlatform.set(platform, { ...manifest, from });
    }
  }
  const manifests = [...byPlatform]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { platform, descriptor }]) => ({ ...descriptor, platform }));
  return await store.add(serialize({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), OCI_INDEX);
}

function conflict(name: string, platform: string, from: readonly string[]): SealerError {
  return new SealerError(
    'IMAGE_CONFLICT',
    `${from.join(' and ')} hold different images for ${platform} that are both called ${name}`,
    { hint: 'Remove one of them, or give one another name and tag.' },
  );
}
