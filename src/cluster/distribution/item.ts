/** What is brought to hosts: files that are named by their digest. */

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { readPlace, wrappedBlobOf } from '../../cluster-image/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import { blobPlace, layerPlace } from './places.ts';

export interface Item {
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  /** Relative to the cluster's folder. */
  readonly place: string;
  /** For people: `rootfs`, `app`, `images`. */
  readonly kind: string;
  /** The bytes from an offset on, out of the runner's store. They are checked where they arrive. */
  open(offset: number): Promise<Readable>;
}

/** One read of a file: few large pieces cost less than many small ones (measured for pushes). */
const READ_BYTES = 1024 * 1024;

/** A layer as it is stored. */
export function layerItem(store: Store, { digest, size }: Descriptor, kind: string): Item {
  return {
    digest,
    size,
    kind,
    place: layerPlace(digest),
    async open(offset) {
      const file = await store.locate(digest);
      if (file === undefined || file.size === 0) return await store.read(digest, { start: offset });
      return createReadStream(file.file, { start: offset, highWaterMark: READ_BYTES });
    },
  };
}

/**
 * The blob that a layer is nothing but the wrapper of. It goes right to its place in the registry's storage: there is
 * nothing to unpack, what breaks off goes on, and its digest is the one that the registry promises.
 * @returns undefined for any other layer
 */
export async function wrappedItem(store: Store, layer: Descriptor, kind: string): Promise<Item | undefined> {
  const blob = await wrappedBlobOf(store, layer);
  if (blob === undefined) return undefined;
  const { digest, place } = blob;
  const { size } = place;
  return {
    digest,
    size,
    kind,
    place: blobPlace(digest),
    async open(offset) {
      // Opened when it is read: who is interrupted before that leaves nothing open.
      const read = async function* () {
        yield* await readPlace(store, digest, place, { start: offset, end: size - 1 });
      };
      return Readable.from(read(), { objectMode: false });
    },
  };
}
