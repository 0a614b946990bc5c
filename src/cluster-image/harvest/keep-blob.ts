/** Blobs that a proxy fetches, kept as a later harvest wants them: the large ones inside the layer that will carry them. */

import type { Store } from '../../oci/store/index.ts';
import { type Report, silent } from '../../progress.ts';
import type { BringBlob } from '../../registry/proxy/index.ts';
import { bringBlobs } from './bring-blobs.ts';
import type { ImageSource } from './image-source.ts';

export interface BlobKeeperOptions {
  readonly store: Store;
  readonly client: ImageSource;
  readonly report?: Report | undefined;
}

/**
 * Makes what a pull-through storage takes as `bringBlob`. A harvest of what came this way fetches and writes nothing.
 * The function throws what the registry client and the store throw.
 */
export function blobKeeper({ store, client, report = silent }: BlobKeeperOptions): BringBlob {
  return async (descriptor, from, signal) => {
    const { failures } = await bringBlobs({ store, client, offline: false, signal, report }, [
      { descriptor, references: [from] },
    ]);
    const failure = failures.get(descriptor.digest);
    if (failure !== undefined) throw failure;
  };
}
