/** What an image consists of, remembered: content under a digest does not change. */

import type { Descriptor } from '../../../oci/descriptor.ts';
import type { Digest } from '../../../oci/digest.ts';
import { isIndexType, isManifestType } from '../../../oci/media-types.ts';
import { reachable, type Store } from '../../../oci/store/index.ts';

export interface ImageContent {
  /** Manifests and indexes, the image itself included. */
  readonly manifests: ReadonlySet<Digest>;
  readonly blobs: ReadonlySet<Digest>;
}

const REMEMBERED = 500;

/** Makes the function that tells what an image consists of. */
export function contentReader(store: Store): (root: Descriptor) => Promise<ImageContent> {
  const known = new Map<Digest, ImageContent>();
  return async (root) => {
    const before = known.get(root.digest);
    if (before !== undefined) return before;
    const manifests = new Set<Digest>();
    const blobs = new Set<Digest>();
    let whole = true;
    for await (const { digest, mediaType } of reachable(store, root)) {
      const isDocument = isIndexType(mediaType) || isManifestType(mediaType);
      (isDocument ? manifests : blobs).add(digest);
      if (isDocument && (await store.stat(digest)) === undefined) whole = false;
    }
    const content = { manifests, blobs };
    // A platform that is not here may be pulled later, and then has blobs.
    if (whole) {
      const [oldest] = known.keys();
      if (oldest !== undefined && known.size >= REMEMBERED) known.delete(oldest);
      known.set(root.digest, content);
    }
    return content;
  };
}
