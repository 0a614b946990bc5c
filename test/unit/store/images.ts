/** Small images for tests, put together by hand. */

import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Store } from '../../../src/oci/store/index.ts';

/** An image of one layer with this content (any bytes: nothing unpacks it here). */
export async function addImage(store: Store, content: string | Buffer, extra: object = {}): Promise<Descriptor> {
  const layer = await store.add(Buffer.from(content), OCI_LAYER);
  const platform = { architecture: 'amd64', os: 'linux' };
  const rootfs = { type: 'layers', diff_ids: [layer.digest] };
  const config = await store.add(
    json({ ...platform, rootfs, config: { Labels: { of: digestOf(content) } } }),
    OCI_CONFIG,
  );
  return await store.add(
    json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer], ...extra }),
    OCI_MANIFEST,
  );
}

/** An index of manifests. */
export async function addIndex(store: Store, manifests: readonly Descriptor[]): Promise<Descriptor> {
  return await store.add(json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), OCI_INDEX);
}

export function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
