/** Layers without their compression. What it is, the first bytes tell: media types are often wrong about it. */

import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SealerError } from '../../error.ts';
import { type Compression, decompress, detectCompression, MAGIC_BYTES } from '../compress/index.ts';
import { algorithmOf, createDigester, type Digest } from '../digest.ts';
import type { Store } from '../store/index.ts';
import { DEFAULT_LIMITS } from '../tar/limits.ts';

/**
 * How a layer is compressed.
 * @throws SealerError CORRUPT_ARCHIVE, IMAGE_NOT_FOUND
 */
export async function compressionOf(store: Store, digest: Digest): Promise<Compression> {
  const head = await buffer(await store.read(digest, { start: 0, end: MAGIC_BYTES - 1 }));
  try {
    return detectCompression(head);
  } catch (error) {
    throw aboutLayer(digest, error);
  }
}

/**
 * Opens a layer as the tar that it is.
 * @throws SealerError CORRUPT_ARCHIVE, ARCHIVE_TOO_LARGE, IMAGE_NOT_FOUND
 */
export async function openUncompressed(
  store: Store,
  digest: Digest,
  signal?: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const compression = await compressionOf(store, digest);
  return uncompressed(digest, decompress(await store.read(digest), compression, DEFAULT_LIMITS, signal));
}

/** The digest of a layer's uncompressed tar. */
export async function computeDiffId(store: Store, digest: Digest, like: Digest, signal?: AbortSignal): Promise<Digest> {
  const digester = createDigester(algorithmOf(like));
  for await (const chunk of await openUncompressed(store, digest, signal)) {
    signal?.throwIfAborted();
    digester.update(chunk);
  }
  return digester.digest();
}

async function* uncompressed(digest: Digest, stream: Readable): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (error) {
    throw aboutLayer(digest, error);
  }
}

/** What is wrong with the compression is known where nobody knows whose it is. */
function aboutLayer(digest: Digest, error: unknown): unknown {
  if (!(error instanceof SealerError) || !/ARCHIVE/.test(error.code)) return error;
  return new SealerError(error.code, `The layer ${digest} cannot be decompressed: ${error.message}`, {
    hint: 'Layers are plain tar, or compressed with gzip or zstd. Save the image again.',
    cause: error,
  });
}
