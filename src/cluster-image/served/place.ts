/** Where a blob of a bundle lies, and how it is read from there: inside a layer of the store, or in a file. */

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import { algorithmOf, createDigester, type Digest } from '../../oci/digest.ts';
import type { Layout, Store } from '../../oci/store/index.ts';

/** Inside a layer whose blocks are stored, so that any byte is found without reading what is before it; or a file. */
export type BlobPlace = { readonly size: number } & (
  | { readonly layer: Digest; readonly layout: Layout; readonly start: number }
  | { readonly file: string }
);

/** A layer that is not compressed. */
export const WHOLE: Layout = { offset: 0, block: Number.POSITIVE_INFINITY, header: 0 };

/** Both ends are included. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a blob or a part of it. Who reads all of it gets the last bytes only if the digest is right.
 * @throws SealerError IMAGE_NOT_FOUND when the layer is gone; the stream fails with DIGEST_MISMATCH
 */
export async function readPlace(store: Store, digest: Digest, place: BlobPlace, part: Part): Promise<Readable> {
  const chunks = await openPlace(store, place, part);
  const isWhole = part.start === 0 && part.end === place.size - 1;
  return Readable.from(isWhole ? verified(chunks, digest, place.size) : chunks, { objectMode: false });
}

async function openPlace(store: Store, place: BlobPlace, { start, end }: Part): Promise<AsyncIterable<Buffer>> {
  if ('file' in place) return createReadStream(place.file, { start, end });
  const { layer, layout } = place;
  const first = positionOf(layout, place.start + start);
  const last = positionOf(layout, place.start + end);
  return withoutFrames(await store.read(layer, { start: first, end: last }), layout, first);
}

/** Byte `n` of what is stored in the layer, as a byte of the layer. */
function positionOf({ offset, block, header }: Layout, n: number): number {
  return offset + n + header * Math.floor(n / block);
}

/** The stored bytes in a part of a layer, without the headers of its blocks. */
async function* withoutFrames(
  chunks: AsyncIterable<Buffer>,
  { offset, block, header }: Layout,
  first: number,
): AsyncGenerator<Buffer> {
  let position = first - offset;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; ) {
      const inBlock = position % (block + header);
      const isContent = inBlock < block;
      const length = Math.min(chunk.byteLength - at, (isContent ? block : block + header) - inBlock);
      if (isContent) yield chunk.subarray(at, at + length);
      at += length;
      position += length;
    }
  }
}

async function* verified(chunks: AsyncIterable<Buffer>, digest: Digest, size: number): AsyncGenerator<Buffer> {
  const digester = createDigester(algorithmOf(digest));
  let left = size;
  for await (const chunk of chunks) {
    digester.update(chunk);
    left -= chunk.byteLength;
    if (left > 0) yield chunk;
    else if (digester.digest() !== digest) throw altered(digest);
    else yield chunk;
  }
  if (left > 0) throw altered(digest);
}

function altered(digest: Digest): SealerError {
  return new SealerError('DIGEST_MISMATCH', `The cluster image carries something else under the name ${digest}`, {
    hint: 'It was made wrong or altered since; build or pull it again.',
  });
}
