/**
 * A large blob of a container image as a layer: a tar that holds the blob's file in the registry's storage and the
 * folders above it, and nothing else. All times are 0 and the modes fixed, so the layer's digest depends on the blob
 * alone, and all cluster images that hold the blob share the layer. The store keeps the layer only; the blob is found
 * inside it.
 *
 * The layer is gzip of stored blocks. As a plain tar it would be what image-spec allows and tools do not expect: crane's
 * `validate` takes every remote layer for gzip, and skopeo compresses what is not, which changes the image's digest.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type StoredGzip, storeAsGzip } from '../../oci/compress/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../oci/media-types.ts';
import type { Ingested, Store } from '../../oci/store/index.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../../oci/tar/index.ts';
import { LAYER_ANNOTATION } from '../extension.ts';
import type { BundledLayer } from '../harvest/harvested.ts';
import { blobPath, parentsOf } from './registry-layout.ts';

/** Annotation of a layer: the blobs that it carries and that no other layer needs to carry again, space-separated. */
export const BLOBS_ANNOTATION = 'sealer.blobs';

type Blob = Pick<Descriptor, 'digest' | 'size'>;

/** What stands around a blob in its layer. All but a checksum is known without the blob, the layer's size as well. */
export function wrapperOf({ digest, size }: Blob): StoredGzip {
  const path = blobPath(digest);
  const head = [
    ...[...parentsOf([path])].sort().map(folderHeader),
    encodeHeader({ path, type: 'file', mode: 0o644, size, mtime: 0 }),
  ];
  return storeAsGzip({ head: Buffer.concat(head), size, tail: Buffer.concat([paddingOf(size), END_OF_ARCHIVE]) });
}

/** The header of a folder of the registry's storage. */
export function folderHeader(path: string): Buffer {
  return encodeHeader({ path, type: 'directory', mode: 0o755, size: 0, mtime: 0 });
}

/** The layer around a blob, if the store has it and knows so. */
export async function findWrapped(store: Store, blob: Blob): Promise<BundledLayer | undefined> {
  const known = await recall(store, blob.digest);
  return known !== undefined && (await isWrapperOf(store, known.layer, blob)) ? wrappedLayer(blob, known) : undefined;
}

/** Makes the layer around a blob that the store has. */
export async function wrapLocally(store: Store, blob: Blob, signal: AbortSignal | undefined): Promise<BundledLayer> {
  const { digest, size } = blob;
  await using ingest = await store.ingest({ digest, size, envelope: () => wrapperOf(blob), signal });
  const content = await store.read(digest, { start: ingest.offset });
  await pipeline(content, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) await ingest.write(chunk);
  });
  return await rememberWrapped(store, await ingest.commit());
}

/** The layer that the store has just got, so that it is found again without being read. */
export async function rememberWrapped(store: Store, ingested: Ingested): Promise<BundledLayer> {
  const known = { layer: ingested.stored.digest, diffId: ingested.unframed };
  await writeFile(await memoryFile(store, ingested.digest), JSON.stringify(known));
  return wrappedLayer(ingested, known);
}

interface Known {
  readonly layer: Digest;
  readonly diffId: Digest;
}

function wrappedLayer(blob: Blob, { layer, diffId }: Known): BundledLayer {
  const annotations = { [LAYER_ANNOTATION]: 'images', [BLOBS_ANNOTATION]: blob.digest };
  const { size } = wrapperOf(blob);
  return { descriptor: { mediaType: OCI_LAYER_GZIP, digest: layer, size, annotations }, diffId };
}

/** Whether a layer of the store is the one around a blob. It begins with the blob's name, so it need not be read in full. */
export async function isWrapperOf(store: Store, layer: Digest, blob: Blob): Promise<boolean> {
  const wrapper = wrapperOf(blob);
  if ((await store.stat(layer)) !== wrapper.size) return false;
  const start = Buffer.concat(wrapper.start().map(({ bytes }) => bytes));
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(layer, { start: 0, end: start.length - 1 })) chunks.push(chunk);
  return Buffer.concat(chunks).equals(start);
}

async function recall(store: Store, blob: Digest): Promise<Known | undefined> {
  try {
    const { layer, diffId } = JSON.parse(await readFile(await memoryFile(store, blob), 'utf8'));
    return isDigest(layer) && isDigest(diffId) ? { layer, diffId } : undefined;
  } catch {
    return undefined; // as good as forgotten: the layer is made once more
  }
}

async function memoryFile(store: Store, blob: Digest): Promise<string> {
  return join(await store.cacheFolder('wrapped-blobs'), blob.replace(':', '-'));
}
