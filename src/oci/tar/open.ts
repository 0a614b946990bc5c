/** Opens a layer of the store for reading. */

import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { SealerError } from '../../error.ts';
import { type Compression, compressionOf, detectCompression, MAGIC_BYTES } from '../compress/compression.ts';
import { decompress } from '../compress/decompress.ts';
import type { Descriptor } from '../descriptor.ts';
import { shortDigest } from '../digest.ts';
import type { Store } from '../store/index.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/**
 * The uncompressed tar of a layer. Its compression is what its media type says, and its first bytes must agree.
 * @throws SealerError IMAGE_NOT_FOUND, CORRUPT_ARCHIVE when type and content disagree. The stream fails with
 *   DIGEST_MISMATCH, CORRUPT_ARCHIVE or ARCHIVE_TOO_LARGE
 */
export async function openLayer(
  store: Pick<Store, 'read'>,
  layer: Descriptor,
  signal?: AbortSignal,
): Promise<Readable> {
  const compression = layer.size === 0 ? 'none' : await compressionOfContent(store, layer);
  return decompress(await store.read(layer.digest), compression, DEFAULT_LIMITS, signal);
}

async function compressionOfContent(store: Pick<Store, 'read'>, layer: Descriptor): Promise<Compression> {
  const end = Math.min(MAGIC_BYTES, layer.size) - 1;
  const found = detectCompression(await buffer(await store.read(layer.digest, { start: 0, end })));
  const said = compressionOf(layer.mediaType);
  if (said === undefined || said === found) return found;
  // Some readers go by the type and some by the content; they should not see different files.
  throw new SealerError(
    'CORRUPT_ARCHIVE',
    `The layer ${shortDigest(layer.digest)} is ${nameOf(found)}, but its type is ${layer.mediaType}`,
  );
}

function nameOf(compression: Compression): string {
  return compression === 'none' ? 'not compressed' : `compressed with ${compression}`;
}
