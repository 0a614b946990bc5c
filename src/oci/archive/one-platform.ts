/** The one manifest that an image has for a platform. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import { parseImageConfig } from '../image-config.ts';
import { selectPlatform } from '../manifest.ts';
import { isIndexType, isManifestType } from '../media-types.ts';
import { formatPlatform, matchesPlatform, type Platform } from '../platform.ts';
import type { Store } from '../store/index.ts';
import type { SavedImage } from './save.ts';

/**
 * Chooses the manifest for a platform.
 * @throws SealerError PLATFORM_NOT_FOUND, IMAGE_NOT_FOUND
 */
export async function manifestFor(store: Store, image: SavedImage, platform: Platform): Promise<Descriptor> {
  const name = image.name ?? image.descriptor.digest;
  const document = await store.document(image.descriptor.digest);
  if (document.kind === 'index') return selectPlatform(document.index, platform, name);
  const config = parseImageConfig(await store.bytes(document.manifest.config.digest));
  if (matchesPlatform(platform, config)) return image.descriptor;
  throw new SealerError(
    'PLATFORM_NOT_FOUND',
    `${name} is for ${formatPlatform(config)}, not ${formatPlatform(platform)}`,
  );
}

/**
 * The only manifest of an image, for formats that have no index.
 * @throws SealerError PLATFORM_NOT_FOUND if there are several
 */
export async function onlyManifest(store: Store, image: SavedImage): Promise<Descriptor> {
  if (!isIndexType(image.descriptor.mediaType)) return image.descriptor;
  const name = image.name ?? image.descriptor.digest;
  const document = await store.document(image.descriptor.digest);
  if (document.kind !== 'index') return image.descriptor;
  const offered: Descriptor[] = [];
  for (const each of document.index.manifests) {
    // Attestations of BuildKit are manifests for the platform unknown/unknown.
    const isImage = isManifestType(each.mediaType) && each.platform?.os !== 'unknown';
    if (isImage && (await store.stat(each.digest)) !== undefined) offered.push(each);
  }
  const [only, ...others] = offered;
  if (only !== undefined && others.length === 0) return only;
  const platforms = offered.flatMap((each) => (each.platform === undefined ? [] : [formatPlatform(each.platform)]));
  throw new SealerError(
    'PLATFORM_NOT_FOUND',
    `A docker-archive holds one platform, and ${name} has ${offered.length}`,
    {
      hint: `Choose one with --platform${platforms.length === 0 ? '' : ` (${platforms.join(', ')})`}, or save an oci-archive.`,
    },
  );
}
