/**
 * Small files of the registry's storage packed into one layer, the same bytes for the same files. What is large of them
 * is compressed already, so the layer is gzip of stored blocks, as it is around a large blob.
 */

import { type GzipPiece, storeAsGzip } from '../../oci/compress/index.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import { createDigester, type Digest } from '../../oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../oci/media-types.ts';
import type { Store } from '../../oci/store/index.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../../oci/tar/index.ts';
import type { BundledLayer } from '../harvest/harvested.ts';
import { parentsOf } from './registry-layout.ts';
import { folderHeader } from './wrapped-blob.ts';

type Blob = Pick<Descriptor, 'digest' | 'size'>;

/** A file to pack: a link that holds a digest, or a blob of the store. */
export type PackedFile =
  | { readonly path: string; readonly link: Digest }
  | { readonly path: string; readonly blob: Blob };

/**
 * Packs files, with all folders above them, sorted. The digest is computed first and the layer written only if the
 * store does not have it: nothing changed, nothing written.
 * @param files a path may stand several times, if with the same content
 */
export async function packFiles(
  store: Store,
  files: readonly PackedFile[],
  signal: AbortSignal | undefined,
): Promise<BundledLayer> {
  const sorted = [...new Map(files.map((file) => [file.path, file])).values()].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  const whole = createDigester();
  const tar = createDigester();
  let size = 0;
  for await (const { bytes, isFrame } of encode(store, sorted)) {
    signal?.throwIfAborted();
    whole.update(bytes);
    if (!isFrame) tar.update(bytes);
    size += bytes.byteLength;
  }
  const digest = whole.digest();
  if ((await store.stat(digest)) !== size) {
    await using ingest = await store.ingest({ digest, size, signal });
    // What a broken attempt left is not worth skipping to: these layers are small.
    if (ingest.offset > 0) await ingest.restart();
    for await (const { bytes } of encode(store, sorted)) await ingest.write(bytes);
    await ingest.commit();
  }
  return { descriptor: { mediaType: OCI_LAYER_GZIP, digest, size }, diffId: tar.digest() };
}

async function* encode(store: Store, files: readonly PackedFile[]): AsyncGenerator<GzipPiece> {
  const parts = partsOf(files);
  const gzip = storeAsGzip({ size: parts.reduce((sum, part) => sum + sizeOf(part), 0) });
  yield* gzip.start();
  for (const part of parts) {
    if (part instanceof Uint8Array) yield* gzip.wrap(part);
    else for await (const chunk of await store.read(part.digest)) yield* gzip.wrap(chunk);
  }
  yield* gzip.end();
}

/** What the tar consists of: blobs of the store, and everything else as it is. */
function partsOf(files: readonly PackedFile[]): readonly (Uint8Array | Blob)[] {
  const made = new Set<string>();
  const parts = files.flatMap((file) => {
    const folders = [...parentsOf([file.path])].sort().filter((folder) => !made.has(folder));
    for (const folder of folders) made.add(folder);
    const content = 'link' in file ? Buffer.from(file.link) : file.blob;
    const size = sizeOf(content);
    const header = encodeHeader({ path: file.path, type: 'file', mode: 0o644, size, mtime: 0 });
    return [...folders.map(folderHeader), header, content, paddingOf(size)];
  });
  return [...parts, END_OF_ARCHIVE];
}

function sizeOf(part: Uint8Array | Blob): number {
  return part instanceof Uint8Array ? part.byteLength : part.size;
}
