/**
 * The images of the local store, as repositories of a registry.
 *
 * An image is pulled from the address that stands in its name, or by its whole name through us as a mirror: see
 * `repositoriesForReading`. What is pushed to an address gets a name with that address. What is pushed by digest only is
 * named `<address>/<path>@<digest>`, until a name leads to it in another way, so that it survives the process.
 *
 * A repository has what its names lead to, and what was pushed to it since the process began. Deleting takes names away;
 * the content goes with the next prune of the store.
 */

import { randomUUID } from 'node:crypto';
import type { Descriptor } from '../../../oci/descriptor.ts';
import type { Digest } from '../../../oci/digest.ts';
import type { Store } from '../../../oci/store/index.ts';
import { ApiError } from '../api-error.ts';
import type { Deletion, Origin, RegistryStorage, StoredBlob, StoredManifest } from '../storage.ts';
import { Subjects } from '../subjects.ts';
import { contentReader } from './content-of.ts';
import { Links } from './links.ts';
import { nameReader } from './name-reader.ts';
import { addressedName, type RepositoryImage, repositoriesForReading, repositoryForWriting } from './store-names.ts';
import { StoreUpload } from './store-upload.ts';

/** Each holds a file open. */
const OPEN_UPLOADS = 1000;

/** Serves a store. The store stays the caller's: closing the storage does not close it. */
export function storeStorage(store: Store): RegistryStorage {
  return new StoreStorage(store);
}

class StoreStorage implements RegistryStorage {
  readonly #store: Store;
  readonly #names: ReturnType<typeof nameReader>;
  readonly #contentOf: ReturnType<typeof contentReader>;
  readonly #blobs = new Links();
  readonly #manifests = new Links();
  readonly #subjects = new Subjects();
  readonly #uploads = new Map<string, StoreUpload>();

  constructor(store: Store) {
    this.#store = store;
    this.#names = nameReader(store);
    this.#contentOf = contentReader(store);
  }

  async locate(name: string, origin: Origin, intent: 'read' | 'write'): Promise<string> {
    if (intent === 'write') return repositoryForWriting(name, origin);
    const candidates = repositoriesForReading(name, origin);
    for (const candidate of candidates) if (await this.hasRepository(candidate)) return candidate;
    return candidates[0] ?? repositoryForWriting(name, origin);
  }

  async repositories(origin: Origin): Promise<readonly string[]> {
    const names = (await this.#names.all()).map(({ repository }) => addressedName(repository, origin));
    return [...new Set(names.filter((name) => name !== undefined))].sort();
  }

  async hasRepository(repository: string): Promise<boolean> {
    if (this.#blobs.hasAny(repository) || this.#manifests.hasAny(repository)) return true;
    return (await this.#imagesOf(repository)).length > 0;
  }

  async tags(repository: string): Promise<readonly string[]> {
    const tags = (await this.#imagesOf(repository)).map(({ tag }) => tag).filter((tag) => tag !== undefined);
    return [...new Set(tags)].sort();
  }

  async resolve(repository: string, tag: string): Promise<Digest | undefined> {
    const descriptor = await this.#store.resolve(`${repository}:${tag}`);
    // A name may have a digest beside its tag.
    return (descriptor ?? (await this.#imagesOf(repository)).find((image) => image.tag === tag)?.descriptor)?.digest;
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    if (!(await this.#hasManifest(repository, digest)) || (await this.#store.stat(digest)) === undefined) {
      return undefined;
    }
    const { bytes, descriptor } = await this.#store.document(digest);
    return { digest, bytes, mediaType: descriptor.mediaType };
  }

  async putManifest(repository: string, manifest: StoredManifest, tags: readonly string[]): Promise<void> {
    const { digest, mediaType, bytes } = manifest;
    const descriptor: Descriptor = { mediaType, digest, size: bytes.length };
    await this.#keep(digest, bytes);
    for (const tag of tags) await this.#store.tag(`${repository}:${tag}`, descriptor);
    this.#names.forget();
    // Before it has a name it is found by its link only, after that a process may end at any time.
    this.#manifests.add(repository, digest);
    if (tags.length > 0) await this.#dropSpareNames(repository, descriptor);
    else if (!(await this.#isNamed(repository, digest))) await this.#nameByDigest(repository, descriptor);
  }

  async deleteTag(repository: string, tag: string): Promise<Deletion> {
    const tagged = (await this.#imagesOf(repository, 'now')).filter((image) => image.tag === tag);
    const [first] = tagged;
    if (first === undefined) return 'unknown';
    for (const { name } of tagged) await this.#store.untag(name);
    this.#names.forget();
    // Only the tag was to go: by its digest the manifest can still be pulled.
    if (!(await this.#isNamed(repository, first.descriptor.digest))) {
      await this.#nameByDigest(repository, first.descriptor);
    }
    return 'deleted';
  }

  async deleteManifest(repository: string, digest: Digest): Promise<Deletion> {
    if (!(await this.#hasManifest(repository, digest))) return 'unknown';
    const images = await this.#imagesOf(repository, 'now');
    const others = images.filter(({ descriptor }) => descriptor.digest !== digest);
    if (await this.#anyHas(others, 'manifests', digest)) return 'in-use';
    for (const { name, descriptor } of images) {
      if (descriptor.digest !== digest) continue;
      // Its children are manifests of the repository in their own right, until they are deleted as well.
      for (const child of (await this.#contentOf(descriptor)).manifests) this.#manifests.add(repository, child);
      await this.#store.untag(name);
    }
    this.#names.forget();
    this.#manifests.delete(repository, digest);
    return 'deleted';
  }

  async referrers(repository: string, subject: Digest): Promise<readonly Digest[]> {
    const candidates = new Set(this.#manifests.of(repository));
    for (const { descriptor } of await this.#imagesOf(repository)) {
      for (const digest of (await this.#contentOf(descriptor)).manifests) candidates.add(digest);
    }
    return this.#subjects.select(candidates, subject, (digest) => this.manifest(repository, digest));
  }

  async blob(repository: string, digest: Digest): Promise<StoredBlob | undefined> {
    const isHere =
      this.#blobs.has(repository, digest) || (await this.#anyHas(await this.#imagesOf(repository), 'blobs', digest));
    if (!isHere) return undefined;
    const file = await this.#store.locate(digest);
    if (file !== undefined) return file;
    const size = await this.#store.stat(digest);
    return size === undefined ? undefined : { size, open: (range) => this.#store.read(digest, range) };
  }

  async mount(repository: string, digest: Digest): Promise<boolean> {
    if ((await this.#store.stat(digest)) === undefined) return false;
    this.#blobs.add(repository, digest);
    return true;
  }

  async deleteBlob(repository: string, digest: Digest): Promise<Deletion> {
    if ((await this.blob(repository, digest)) === undefined) return 'unknown';
    if (await this.#anyHas(await this.#imagesOf(repository, 'now'), 'blobs', digest)) return 'in-use';
    this.#blobs.delete(repository, digest);
    return 'deleted';
  }

  async startUpload(repository: string): Promise<StoreUpload> {
    if (this.#uploads.size >= OPEN_UPLOADS) {
      throw new ApiError('TOOMANYREQUESTS', 'Too many uploads are open', { headers: { 'Retry-After': '10' } });
    }
    const id = randomUUID();
    const upload = new StoreUpload(id, this.#store, await this.#store.ingest(), (digest) => {
      this.#uploads.delete(`${repository}/${id}`);
      if (digest !== undefined) this.#blobs.add(repository, digest);
    });
    this.#uploads.set(`${repository}/${id}`, upload);
    return upload;
  }

  async upload(repository: string, id: string): Promise<StoreUpload | undefined> {
    return this.#uploads.get(`${repository}/${id}`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#uploads.values()].map((upload) => upload.cancel()));
  }

  async #keep(digest: Digest, bytes: Buffer): Promise<void> {
    if ((await this.#store.stat(digest)) === bytes.length) return;
    await using ingest = await this.#store.ingest({ digest, size: bytes.length });
    if (ingest.offset > 0) await ingest.restart();
    await ingest.write(bytes);
    await ingest.commit();
  }

  async #nameByDigest(repository: string, descriptor: Descriptor): Promise<void> {
    await this.#store.tag(`${repository}@${descriptor.digest}`, descriptor);
    this.#names.forget();
  }

  /** Once a tag leads to them, manifests need no name of their own: they would only clutter the list of images. */
  async #dropSpareNames(repository: string, tagged: Descriptor): Promise<void> {
    const { manifests } = await this.#contentOf(tagged);
    for (const { name, tag, descriptor } of await this.#imagesOf(repository)) {
      if (tag === undefined && manifests.has(descriptor.digest)) await this.#store.untag(name);
    }
    this.#names.forget();
  }

  async #isNamed(repository: string, digest: Digest): Promise<boolean> {
    return this.#anyHas(await this.#imagesOf(repository), 'manifests', digest);
  }

  async #hasManifest(repository: string, digest: Digest): Promise<boolean> {
    return this.#manifests.has(repository, digest) || (await this.#isNamed(repository, digest));
  }

  async #anyHas(images: readonly RepositoryImage[], kind: 'manifests' | 'blobs', digest: Digest): Promise<boolean> {
    for (const { descriptor } of images) if ((await this.#contentOf(descriptor))[kind].has(digest)) return true;
    return false;
  }

  #imagesOf(repository: string, when: 'lately' | 'now' = 'lately'): Promise<readonly RepositoryImage[]> {
    if (when === 'now') this.#names.forget();
    return this.#names.of(repository);
  }
}
