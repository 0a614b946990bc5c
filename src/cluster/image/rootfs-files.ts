/** Small files of a cluster image, read out of its layers where they are: templates, plugins, Metadata. */

import { LAYER_ANNOTATION } from '../../cluster-image/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { ImageManifest } from '../../oci/manifest.ts';
import type { Store } from '../../oci/store/index.ts';
import { extractFiles } from '../../oci/tree/index.ts';

/** Far above any template. */
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** The layers that every host gets: all but those that say that they hold container images. */
export function rootfsLayers(manifest: Pick<ImageManifest, 'layers'>): readonly Descriptor[] {
  return manifest.layers.filter((layer) => layer.annotations?.[LAYER_ANNOTATION] !== 'images');
}

/**
 * The content of files of the rootfs, by path.
 * @throws SealerError ARCHIVE_TOO_LARGE, DIGEST_MISMATCH, CORRUPT_ARCHIVE
 */
export async function rootfsFiles(
  store: Pick<Store, 'read' | 'cacheFolder'>,
  manifest: Pick<ImageManifest, 'layers'>,
  wanted: (path: string) => boolean,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Buffer>> {
  return await extractFiles(store, rootfsLayers(manifest), wanted, { maxFileBytes: MAX_FILE_BYTES, signal });
}

/** One small file as text; undefined if there is none. */
export async function rootfsText(
  store: Pick<Store, 'read' | 'cacheFolder'>,
  manifest: Pick<ImageManifest, 'layers'>,
  path: string,
): Promise<string | undefined> {
  const files = await rootfsFiles(store, manifest, (each) => each === path);
  return files.get(path)?.toString();
}
