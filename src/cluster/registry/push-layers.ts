/** With an external registry hosts fetch their rootfs from there, too. */

import type { ExternalRegistrySpec } from '../../clusterfile/desired.ts';
import { OCI_LAYER_GZIP } from '../../oci/media-types.ts';
import { inParallel } from '../../parallel.ts';
import { type DistributedImage, layerRepository } from '../distribution/index.ts';
import { authorityOf } from './access.ts';
import type { PushBundleOptions } from './push-bundle.ts';

const LAYERS = 4;

/**
 * Pushes the layers of the rootfs as blobs of `<external>/sealer/<cluster>`, where `distribute` lets hosts fetch them. No
 * manifest names them, so the registry may remove them at its next clean-up: by then hosts have them.
 * @returns bytes that crossed the network
 * @throws SealerError UNAUTHORIZED, DENIED, REGISTRY_ERROR, and others of the client and the store
 */
export async function pushLayers(
  image: DistributedImage,
  cluster: string,
  external: Pick<ExternalRegistrySpec, 'domain' | 'port'>,
  { client, signal }: PushBundleOptions,
): Promise<number> {
  const target = { registry: authorityOf(external.domain, external.port), repository: layerRepository(cluster) };
  const moved = await inParallel(image.files, LAYERS, async ({ digest, size, open }) => {
    const blob = { mediaType: OCI_LAYER_GZIP, digest, size };
    const outcome = await client.pushBlob(target, blob, (range) => open(range?.start ?? 0), { signal });
    return outcome === 'uploaded' ? size : 0;
  });
  return moved.reduce((sum, bytes) => sum + bytes, 0);
}
