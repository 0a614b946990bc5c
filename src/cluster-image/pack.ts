/** Small files of the registry's storage packed into one uncompressed layer, the same bytes for the same files. */

import type { Descriptor } from '../oci/descriptor.ts';
import { createDigester, type Digest } from '../oci/digest.ts';
import { OCI_LAYER } from '../oci/media-types.ts';
import type { Store } from '../oci/store/index.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../oci/tar/index.ts';
import { parentsOf } from './registry-layout.ts';
import { folderHeader } from './wrapped-blob.ts';

/** A file to pack: a link that holds a digest, or a blob of the store. */
export type PackedFile =
  | { readonly path: string; readonly link: Digest }
  | { readonly path: string; readonly blob: Pick<Descriptor, 'digest' | 'size'> };

/**
 * Packs files, with all folders above them, sorted. The digest is computed first and the layer written only if the
 * store does not have it: nothing changed, nothing written.
 * @param files a path may stand several times, if with the same content
 */
export async function packFiles(
  store: Store,
  files: readonly PackedFile[],
  signal: AbortSignal | undefined,
): Promise<Descriptor> {
  const sorted = [...new Map(files.map((file) => [file.path, file])).values()].sort((a, b) =>
    a.path < b.path ? -1 : 1,
  );
  const digester = createDigester();
  let size = 0;
  for await (const chunk of encode(store, sorted)) {
    signal?.throwIfAborted();
    digester.update(chunk);
    size += chunk.byteLength;
  }
  const digest = digester.digest();
  if ((await store.stat(digest)) !== size) {
    await using ingest = await store.ingest({ digest, size, ...(signal === undefined ? {} : { signal }) });
    // What a broken attempt left is not worth skipping to: these layers are small.
    if (ingest.offset > 0) await ingest.restart();
    for await (const chunk of encode(store, sorted)) await ingest.write(chunk);
    await ingest.commit();
  }
  return { mediaType: OCI_LAYER, digest, size };
}

async function* encode(store: Store, files: readonly PackedFile[]): AsyncGenerator<Uint8Array> {
  const made = new Set<string>();
  for (const file of files) {
    for (const folder of [...parentsOf([file.path])].sort()) {
      if (!made.has(folder)) yield folderHeader(folder);
      made.add(folder);
    }
    yield* encodeFile(store, file);
  }
  yield END_OF_ARCHIVE;
}

async function* encodeFile(store: Store, file: PackedFile): AsyncGenerator<Uint8Array> {
  const content = 'link' in file ? [Buffer.from(file.link)] : await store.read(file.blob.digest);
  const size = 'link' in file ? file.link.length : file.blob.size;
  yield encodeHeader({ path: file.path, type: 'file', mode: 0o644, size, mtime: 0 });
  yield* content;
  yield paddingOf(size);
}
