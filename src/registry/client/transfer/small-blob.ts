/** A blob that is small enough to be held in memory: a config. */

import { SealerError } from '../../../error.ts';
import type { Descriptor } from '../../../oci/descriptor.ts';
import { algorithmOf, digestOf } from '../../../oci/digest.ts';
import { familiarReference, type Reference } from '../../../oci/reference.ts';
import type { Ingest } from '../../../oci/store/index.ts';
import type { RegistryClient } from '../client.ts';

/** Configs have some kilobytes; those with a long history a few hundred. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * Reads a blob, its digest checked.
 * @throws SealerError SIZE_MISMATCH when it is too large to be one of ours, DIGEST_MISMATCH, and others of the client
 */
export async function readSmallBlob(
  client: Pick<RegistryClient, 'fetchBlob'>,
  ref: Reference,
  blob: Descriptor,
  signal?: AbortSignal,
): Promise<Buffer> {
  const { digest, size } = blob;
  if (size > MAX_BYTES) {
    throw new SealerError('SIZE_MISMATCH', `${digest} of ${familiarReference(ref)} has ${size} bytes, too many for it`);
  }
  let chunks: Buffer[] = [];
  const ingest: Ingest = {
    offset: 0,
    // A chunk is the reader's again once this returns.
    write: (chunk) => void chunks.push(Buffer.from(chunk)),
    async restart() {
      chunks = [];
    },
    async commit() {
      throw new Error('nothing of this is kept');
    },
    async [Symbol.asyncDispose]() {},
  };
  await client.fetchBlob(ref, blob, ingest, undefined, signal);
  const bytes = Buffer.concat(chunks);
  if (digestOf(bytes, algorithmOf(digest)) === digest) return bytes;
  throw new SealerError(
    'DIGEST_MISMATCH',
    `A blob of ${familiarReference(ref)} is not what its digest says: ${digest}`,
  );
}
