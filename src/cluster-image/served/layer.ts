/**
 * What a layer brings to the registry's storage. A layer of ours is gzip of stored blocks: where its files are is noted,
 * and nothing is copied. Of a layer that another tool compressed the blobs are unpacked into a folder.
 */

import { createWriteStream } from 'node:fs';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { compressionOf, storeAsGzip } from '../../oci/compress/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { algorithmOf, createDigester, type Digest, isDigest } from '../../oci/digest.ts';
import type { Layout, Store } from '../../oci/store/index.ts';
import { openLayer, type ReadEntry, readEntries } from '../../oci/tar/index.ts';
import { parseStoredFile, type StoredFile } from './links.ts';
import { type BlobPlace, WHOLE } from './place.ts';

/** A change to the registry's storage, in the order of the layer. */
export type StorageChange =
  | { readonly kind: 'blob'; readonly digest: Digest; readonly place: BlobPlace }
  | {
      readonly kind: 'link';
      readonly path: string;
      readonly link: Exclude<StoredFile, { kind: 'blob' }>;
      readonly to: Digest;
    }
  /** A whiteout: all below this path of the layers below is gone. */
  | { readonly kind: 'removal'; readonly path: string };

export interface LayerReading {
  readonly store: Store;
  /** A folder for what has to be unpacked; asked for only then. */
  readonly folder: () => Promise<string>;
  readonly signal: AbortSignal | undefined;
}

/** `sha512:` and 128 digits, and a line break that a person may have added. */
const LONGEST_LINK = 140;
/** Some three million entries of links would be a million images. */
const LIMITS = { maxEntries: 1_000_000 };

/**
 * Reads a layer.
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, CORRUPT_ARCHIVE, UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE
 */
export async function readStorageChanges(reading: LayerReading, layer: Descriptor): Promise<readonly StorageChange[]> {
  const { store, signal } = reading;
  const layout = await layoutOf(store, layer);
  const changes: StorageChange[] = [];
  const tar = await openLayer(store, layer, signal);
  for await (const entry of readEntries(tar, { limits: LIMITS, devices: 'skip', signal })) {
    const change = await changeOf(entry, reading, layer, layout);
    if (change !== undefined) changes.push(change);
  }
  return changes;
}

async function changeOf(
  entry: ReadEntry,
  reading: LayerReading,
  layer: Descriptor,
  layout: Layout | undefined,
): Promise<StorageChange | undefined> {
  const { path, type, size, offset } = entry;
  if (type === 'whiteout' || type === 'opaque') return { kind: 'removal', path };
  const stored = type === 'file' ? parseStoredFile(path) : undefined;
  if (stored === undefined) return undefined;
  if (stored.kind === 'blob') {
    const { digest } = stored;
    if (layout !== undefined) {
      return { kind: 'blob', digest, place: { size, layer: layer.digest, layout, start: offset } };
    }
    const file = await unpack(entry, digest, await reading.folder());
    return file === undefined ? undefined : { kind: 'blob', digest, place: { size, file } };
  }
  if (size > LONGEST_LINK) return undefined;
  const to = (await buffer(entry.content)).toString('latin1').trim();
  // The folder of a revision or layer is named after what its link says.
  if (!isDigest(to) || ('digest' in stored && stored.digest !== to)) return undefined;
  return { kind: 'link', path, link: stored, to };
}

/** Where the bytes of the layer's tar are in the layer; undefined when it has to be decompressed for that. */
async function layoutOf(store: Store, layer: Descriptor): Promise<Layout | undefined> {
  if (compressionOf(layer.mediaType) === 'none') return WHOLE;
  const size = tarSizeOf(layer.size);
  if (size === undefined) return undefined;
  const gzip = storeAsGzip({ size });
  const start = Buffer.concat(gzip.start().map(({ bytes }) => bytes));
  const found = await buffer(await store.read(layer.digest, { start: 0, end: start.byteLength - 1 }));
  return found.equals(start) ? gzip.layout : undefined;
}

/** How large the tar in a layer is, if the layer is gzip of stored blocks (pack.ts) and nothing else. */
function tarSizeOf(layerSize: number): number | undefined {
  const { size: empty, layout } = storeAsGzip({ size: 1 });
  const rest = layerSize - (empty - 1);
  const { block, header } = layout;
  const size = rest - header * Math.floor(rest / (block + header));
  return size > 0 && storeAsGzip({ size }).size === layerSize ? size : undefined;
}

/** Writes a blob to a file; what is not what its name says is left out, as a registry would not serve it. */
async function unpack({ content }: ReadEntry, digest: Digest, folder: string): Promise<string | undefined> {
  const file = join(folder, digest.replace(':', '-'));
  const digester = createDigester(algorithmOf(digest));
  const hashed = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      digester.update(chunk);
      yield chunk;
    }
  };
  await pipeline(Readable.from(hashed(content), { objectMode: false }), createWriteStream(file));
  if (digester.digest() === digest) return file;
  await unlink(file);
  return undefined;
}
