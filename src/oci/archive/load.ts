/**
 * `load`: images from a tar into the store. Blobs are stored as they come by, so that a load that broke off goes on where
 * it was; names are given at the end, when everything is there.
 */

import type { Readable } from 'node:stream';
import { type Report, silent } from '../../progress.ts';
import type { Descriptor } from '../descriptor.ts';
import { type Digest, isDigest } from '../digest.ts';
import { MAX_MANIFEST_BYTES } from '../manifest.ts';
import type { Store } from '../store/index.ts';
import { type ArchiveFile, type ArchiveLimits, archiveFiles, corrupt } from './archive-files.ts';
import { imagesOfDockerArchive } from './load-docker.ts';
import { imagesOfOciArchive } from './load-oci.ts';

export interface LoadOptions {
  /** False: the images get no names in the store. Default: those that they have in the archive. */
  readonly tag?: boolean | undefined;
  readonly limits?: ArchiveLimits | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly report?: Report | undefined;
}

export interface LoadedImage {
  /** The complete name, which the image now has in the store, too; an archive may hold images without names. */
  readonly name: string | undefined;
  readonly descriptor: Descriptor;
}

export interface LoadResult {
  readonly images: readonly LoadedImage[];
  /** Bytes of content that were new to the store. */
  readonly stored: number;
  /** Bytes of content that were there already. */
  readonly reused: number;
}

/** Content of the archive that is in the store by now. */
export interface StoredContent {
  readonly digest: Digest;
  readonly size: number;
}

/** All that was seen of an archive. */
export interface Contents {
  /** `oci-layout`, `index.json`, `manifest.json` */
  readonly documents: ReadonlyMap<string, Buffer>;
  readonly files: ReadonlyMap<string, StoredContent>;
  readonly links: ReadonlyMap<string, string>;
}

/** What the formats keep their lists in. */
const DOCUMENTS = new Set(['oci-layout', 'index.json', 'manifest.json']);
/** What old versions of docker add to each layer, and nobody needs. */
const LEGACY = /(?:^|\/)(?:VERSION|json|repositories)$/;

/**
 * Loads an oci-archive or docker-archive, plain or compressed with gzip or zstd, in any order of its files.
 * @param source is destroyed in the end
 * @throws SealerError CORRUPT_ARCHIVE, UNSAFE_ARCHIVE, ARCHIVE_TOO_LARGE, DIGEST_MISMATCH, SIZE_MISMATCH,
 *   INVALID_MANIFEST, INVALID_REFERENCE, DISK_FULL
 */
export async function loadArchive(source: Readable, store: Store, options: LoadOptions = {}): Promise<LoadResult> {
  const { signal, report = silent } = options;
  const id = 'load';
  report({ type: 'start', id, label: 'loading', unit: 'bytes' });
  try {
    const loading = new Loading(store, signal, (delta) => report({ type: 'advance', id, delta }));
    const limits = options.limits === undefined ? {} : { limits: options.limits };
    for await (const file of archiveFiles(source, { ...limits, signal })) await loading.take(file);
    const images = await findImages(store, loading, signal);
    for (const { name, descriptor } of options.tag === false ? [] : images) {
      if (name !== undefined) await store.tag(name, descriptor);
    }
    report({ type: 'end', id, outcome: 'done' });
    return { images, stored: loading.stored, reused: loading.reused };
  } catch (error) {
    report({ type: 'end', id, outcome: signal?.aborted ? 'cancelled' : 'failed' });
    throw error;
  }
}

async function findImages(store: Store, contents: Contents, signal?: AbortSignal): Promise<readonly LoadedImage[]> {
  const index = contents.documents.get('index.json');
  const manifest = contents.documents.get('manifest.json');
  // docker 25 and later write both; the image layout keeps the original manifests.
  const images =
    index === undefined ? [] : await imagesOfOciArchive(store, index, contents.documents.get('oci-layout'));
  if (images.length > 0) return images;
  if (manifest !== undefined) return await imagesOfDockerArchive(store, manifest, contents, signal);
  throw corrupt(index === undefined ? 'it has neither index.json nor manifest.json' : 'it holds no image');
}

class Loading implements Contents {
  readonly documents = new Map<string, Buffer>();
  readonly files = new Map<string, StoredContent>();
  readonly links = new Map<string, string>();
  stored = 0;
  reused = 0;
  readonly #store: Store;
  readonly #signal: AbortSignal | undefined;
  readonly #onBytes: (count: number) => void;

  constructor(store: Store, signal: AbortSignal | undefined, onBytes: (count: number) => void) {
    this.#store = store;
    this.#signal = signal;
    this.#onBytes = onBytes;
  }

  async take(file: ArchiveFile): Promise<void> {
    const { path } = file;
    if (this.documents.has(path) || this.files.has(path) || this.links.has(path)) {
      // Two readers could choose different ones, and one of them would check what the other uses.
      throw corrupt(`it holds ${path} twice`);
    }
    if (file.type === 'link') this.links.set(path, file.target);
    else if (DOCUMENTS.has(path)) this.documents.set(path, await readSmall(file));
    else if (!LEGACY.test(path)) this.files.set(path, await this.#keep(file));
  }

  async #keep({ path, size, content }: ArchiveFile & { type: 'file' }): Promise<StoredContent> {
    const digest = digestInLayout(path);
    const promised = digest ?? digestInFileName(path);
    // A name that promises a digest is believed only about what the store has verified already: whoever refers to this
    // file must name that digest again.
    if (promised !== undefined && (await this.#store.stat(promised)) === size) {
      this.reused += size;
      this.#onBytes(size);
      return { digest: promised, size };
    }
    await using ingest = await this.#store.ingest({ digest, size, signal: this.#signal });
    // The archive cannot be asked to begin later, so what an earlier attempt left is of no use.
    if (ingest.offset > 0) await ingest.restart();
    try {
      for await (const chunk of content) {
        this.#onBytes(chunk.byteLength);
        await ingest.write(chunk);
      }
    } catch (error) {
      // Nor is what this attempt leaves; of a bomb it would be a gigabyte.
      await ingest.restart().catch(() => {});
      throw error;
    }
    const committed = await ingest.commit();
    this.stored += size;
    return { digest: committed.digest, size };
  }
}

async function readSmall({ path, size, content }: ArchiveFile & { type: 'file' }): Promise<Buffer> {
  if (size > MAX_MANIFEST_BYTES) throw corrupt(`its ${path} has ${size} bytes, more than ${MAX_MANIFEST_BYTES}`);
  const chunks: Uint8Array[] = [];
  for await (const chunk of content) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** `blobs/<algorithm>/<hex>` of an image layout. */
function digestInLayout(path: string): Digest | undefined {
  const [folder, algorithm, hex, ...rest] = path.split('/');
  const digest = `${algorithm}:${hex}`;
  return folder === 'blobs' && rest.length === 0 && isDigest(digest) ? digest : undefined;
}

/** `<hex>.json` and `<hex>.tar`, as docker, skopeo and we name files of a docker-archive. */
function digestInFileName(path: string): Digest | undefined {
  const digest = `sha256:${path.replace(/\.(?:json|tar)$/, '')}`;
  return isDigest(digest) ? digest : undefined;
}
