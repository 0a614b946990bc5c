/**
 * A large blob of a container image as a layer: an uncompressed tar that holds the blob's file in the registry's storage
 * and the folders above it, and nothing else. All times are 0 and the modes fixed, so the layer's digest depends on the
 * blob alone, and all cluster images that hold the blob share the layer. The store keeps the layer only; the blob is
 * found inside it.
 */

import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Descriptor } from '../oci/descriptor.ts';
import { type Digest, isDigest } from '../oci/digest.ts';
import { OCI_LAYER } from '../oci/media-types.ts';
import type { Store } from '../oci/store/index.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../oci/tar/index.ts';
import { LAYER_ANNOTATION } from './extension.ts';
import { blobPath, parentsOf } from './registry-layout.ts';

/** Annotation of a layer: the blobs that it carries and that no other layer needs to carry again, space-separated. */
export const BLOBS_ANNOTATION = 'sealer.blobs';

/** What stands around a blob in its layer. */
export interface Wrapping {
  readonly prefix: Buffer;
  readonly suffix: Buffer;
}

/** Computes what stands around a blob; nothing of the blob itself is needed. */
export function wrappingOf({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): Wrapping {
  const path = blobPath(digest);
  return {
    prefix: Buffer.concat([
      ...[...parentsOf([path])].sort().map(folderHeader),
      encodeHeader({ path, type: 'file', mode: 0o644, size, mtime: 0 }),
    ]),
    suffix: Buffer.concat([paddingOf(size), END_OF_ARCHIVE]),
  };
}

/** The header of a folder of the registry's storage. */
export function folderHeader(path: string): Buffer {
  return encodeHeader({ path, type: 'directory', mode: 0o755, size: 0, mtime: 0 });
}

/** The descriptor of the layer around a blob. */
export function wrappedLayer(blob: Digest, stored: Pick<Descriptor, 'digest' | 'size'>): Descriptor {
  return {
    mediaType: OCI_LAYER,
    digest: stored.digest,
    size: stored.size,
    annotations: { [LAYER_ANNOTATION]: 'images', [BLOBS_ANNOTATION]: blob },
  };
}

/** The layer around a blob, if the store has it. */
export async function findWrapped(store: Store, blob: Descriptor): Promise<Descriptor | undefined> {
  const candidates = [await outerBlob(store, blob.digest), await rememberedLayer(store, blob.digest)];
  for (const digest of candidates) {
    if (digest !== undefined && (await isWrappingOf(store, digest, blob))) {
      return wrappedLayer(blob.digest, { digest, size: sizeOfLayer(blob) });
    }
  }
  return undefined;
}

/** Makes the layer around a blob that the store has as it is. */
export async function wrapLocally(
  store: Store,
  blob: Descriptor,
  signal: AbortSignal | undefined,
): Promise<Descriptor> {
  await using ingest = await store.ingest({
    digest: blob.digest,
    size: blob.size,
    ...wrappingOf(blob),
    ...(signal === undefined ? {} : { signal }),
  });
  const content = await store.read(blob.digest, { start: ingest.offset });
  await pipeline(content, async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) await ingest.write(chunk);
  });
  const { stored } = await ingest.commit();
  await rememberLayer(store, blob.digest, stored.digest);
  return wrappedLayer(blob.digest, stored);
}

function sizeOfLayer(blob: Descriptor): number {
  const { prefix, suffix } = wrappingOf(blob);
  return prefix.length + blob.size + suffix.length;
}

/** The blob in whose file the store has this one. */
async function outerBlob(store: Store, digest: Digest): Promise<Digest | undefined> {
  const found = await store.locate(digest);
  if (found === undefined || found.offset === 0) return undefined;
  const outer = `sha256:${basename(found.file)}`;
  return isDigest(outer) ? outer : undefined;
}

/** A layer begins with the name of its blob, so it need not be read in full to be recognized. */
async function isWrappingOf(store: Store, layer: Digest, blob: Descriptor): Promise<boolean> {
  if ((await store.stat(layer)) !== sizeOfLayer(blob)) return false;
  const { prefix } = wrappingOf(blob);
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(layer, { start: 0, end: prefix.length - 1 })) chunks.push(chunk);
  return Buffer.concat(chunks).equals(prefix);
}

/*
 * Of a blob that the store has both as it is and inside its layer, `locate` tells only one place. So layers that were
 * made from blobs in the store are remembered; that memory is checked before it is believed.
 */

async function rememberedLayer(store: Store, blob: Digest): Promise<Digest | undefined> {
  const text = await readFile(await memoryFile(store, blob), 'utf8').catch(() => '');
  return isDigest(text) ? text : undefined;
}

async function rememberLayer(store: Store, blob: Digest, layer: Digest): Promise<void> {
  await writeFile(await memoryFile(store, blob), layer);
}

async function memoryFile(store: Store, blob: Digest): Promise<string> {
  return join(await store.cacheFolder('wrapped-blobs'), blob.replace(':', '-'));
}
