/** A cluster image's files on disk, without the container images inside. */

import { mkdir } from 'node:fs/promises';
import type { ImageManifest } from '../oci/manifest.ts';
import type { Store } from '../oci/store/index.ts';
import { openLayer, unpackLayer } from '../oci/tar/index.ts';
import { LAYER_ANNOTATION } from './extension.ts';

/**
 * Unpacks the layers of a cluster image, one over the other, but not those that say that they hold container images. Of
 * an image that does not say it (the Go sealer's), all. Works without root: everything belongs to who runs this.
 * @param folder made when there is none, for nobody else to read
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, CORRUPT_ARCHIVE, DISK_FULL,
 *   PERMISSION; the signal's reason
 */
export async function unpackRootfs(
  store: Pick<Store, 'read'>,
  manifest: Pick<ImageManifest, 'layers'>,
  folder: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const layer of manifest.layers) {
    signal?.throwIfAborted();
    if (layer.annotations?.[LAYER_ANNOTATION] === 'images') continue;
    await unpackLayer(await openLayer(store, layer, signal), folder, signal === undefined ? {} : { signal });
  }
}
