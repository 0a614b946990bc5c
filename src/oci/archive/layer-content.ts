/** Layers without their compression. What it is, the first bytes tell: media types are often wrong about it. */

import { SealerError } from '../../error.ts';
import { algorithmOf, createDigester, type Digest } from '../digest.ts';
import type { Store } from '../store/index.ts';
import { BadCompression, type Compression, decompress, MAGIC_BYTES, sniffCompression } from './compression.ts';

/** How a layer is compressed. */
export async function compressionOf(store: Store, digest: Digest): Promise<Compression> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(digest, { start: 0, end: MAGIC_BYTES - 1 })) chunks.push(chunk);
  return sniffCompression(Buffer.concat(chunks));
}

/**
 * Opens a layer as the tar that it is.
 * @throws SealerError CORRUPT_ARCHIVE, IMAGE_NOT_FOUND
 */
export async function openUncompressed(
  store: Store,
  digest: Digest,
  signal?: AbortSignal,
): Promise<AsyncIterable<Buffer>> {
  const compression = await compressionOf(store, digest);
  if (compression === 'xz' || compression === 'bzip2') {
    throw new SealerError('CORRUPT_ARCHIVE', `The layer ${digest} is compressed with ${compression}`, {
      hint: 'OCI images have layers in gzip, zstd or plain tar.',
    });
  }
  return uncompressed(digest, decompress(await store.read(digest), compression, signal));
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

async function* uncompressed(digest: Digest, stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* stream;
  } catch (error) {
    if (!(error instanceof BadCompression)) throw error;
    throw new SealerError('CORRUPT_ARCHIVE', `The layer ${digest} cannot be decompressed`, { cause: error });
  }
}
