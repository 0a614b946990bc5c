/** The blob in a layer that is nothing but its wrapper, found by looking at the layer. */

import { buffer } from 'node:stream/consumers';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import { BLOCK_BYTES } from '../../oci/tar/index.ts';
import { LAYER_IMAGES_ANNOTATION } from '../layers/inventory.ts';
import { BLOBS_ANNOTATION, isWrapperOf, wrapperOf } from '../layers/wrapped-blob.ts';
import type { BlobPlace } from './place.ts';

/**
 * Finds the blob of a layer of the store; what the annotations say is believed only if the layer begins like that.
 * @returns undefined for a layer that holds anything else
 * @throws SealerError IMAGE_NOT_FOUND if the store has not got the layer
 */
export async function wrappedBlobOf(
  store: Store,
  layer: Descriptor,
): Promise<{ readonly digest: Digest; readonly place: BlobPlace } | undefined> {
  const { annotations } = layer;
  const digest = annotations?.[BLOBS_ANNOTATION] ?? '';
  if (annotations?.[LAYER_IMAGES_ANNOTATION] !== undefined || !isDigest(digest)) return undefined;
  // The head is as long for any size below 8 GiB; for more it has another header, and then this finds no size.
  const end = wrapperOf({ digest, size: 1 }).layout.offset - BLOCK_HEADER;
  const start = end - BLOCK_BYTES + SIZE_FIELD;
  if (layer.size < end) return undefined;
  const field = await buffer(await store.read(layer.digest, { start, end: start + SIZE_DIGITS - 1 }));
  const size = Number.parseInt(field.toString('latin1'), 8);
  if (!Number.isSafeInteger(size) || !(await isWrapperOf(store, layer.digest, { digest, size }))) return undefined;
  return { digest, place: { size, layer: layer.digest, layout: wrapperOf({ digest, size }).layout, start: 0 } };
}

/** RFC 1951 §3.2.4: what stands before a stored block. */
const BLOCK_HEADER = 5;
/** POSIX ustar: where a file's size stands in its header, in octal digits. */
const SIZE_FIELD = 124;
const SIZE_DIGITS = 11;
