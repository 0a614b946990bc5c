/**
 * Exactly what a cluster image carries, as a registry that stands for all registries: what is not in the image's layers
 * is not there, even if the store has it.
 *
 * The image's own layers in the store are enough, so it works right after a build, a pull or a load. An image of the Go
 * sealer is served too: it leaves out the hosts of its images, so what it has answers for any host.
 */

import type { Digest } from '../../oci/digest.ts';
import type { Document, ImageManifest } from '../../oci/manifest.ts';
import { isNondistributable } from '../../oci/media-types.ts';
import { formatReference, isReference, parseReference, parseRepository } from '../../oci/reference.ts';
import type { Scratch, Store } from '../../oci/store/index.ts';
import { askedRepository, type Pull, type PullRecorder, pullRecorder } from '../../registry/proxy/index.ts';
import {
  NO_WRITES,
  type Origin,
  type ReadableStorage,
  type RegistryStorage,
  type StoredBlob,
  type StoredManifest,
} from '../../registry/server/index.ts';
import { parseContainerImages } from '../container-images.ts';
import { readInventory } from '../layers/inventory.ts';
import { repositoryPath } from '../layers/registry-layout.ts';
import { type BundleContent, type BundledRepository, readBundle } from './content.ts';
import { readPlace } from './place.ts';

/** An image that a cluster image says it carries. */
export interface BundledName {
  /** Complete. */
  readonly name: string;
  readonly digest: Digest;
  /** Of all its content, as a registry keeps it. */
  readonly bytes: number;
}

export interface BundleStorage extends RegistryStorage {
  /** Sorted by name. */
  readonly images: readonly BundledName[];
  /**
   * This storage, and another one for some repositories as far as they are not in here. Pulls from the other are not
   * told of here.
   * @param isOthers asked with `registry/path`
   */
  or(other: RegistryStorage, isOthers: (repository: string) => boolean): RegistryStorage;
}

export interface BundleStorageOptions {
  readonly store: Store;
  /** Of the cluster image; not an index. */
  readonly manifest: ImageManifest;
  /** Called once for each name that was asked for and each outcome. */
  readonly onPull?: ((pull: Pull) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens what a cluster image carries. Closing the storage removes what had to be unpacked; the store stays the caller's.
 * @throws SealerError IMAGE_NOT_FOUND when a layer is not in the store; DIGEST_MISMATCH, CORRUPT_ARCHIVE, UNSAFE_ARCHIVE,
 *   ARCHIVE_TOO_LARGE
 */
export async function bundleStorage(options: BundleStorageOptions): Promise<BundleStorage> {
  const { store, manifest, onPull, signal } = options;
  await using stack = new AsyncDisposableStack();
  let scratch: Promise<Scratch> | undefined;
  stack.defer(async () => (await scratch)?.[Symbol.asyncDispose]());
  const folder = async () => {
    scratch ??= store.scratch('bundle');
    return (await scratch).path;
  };
  const content = await readBundle(manifest, { store, folder, signal });
  const bundle = new Bundle(store, content, pullRecorder(onPull));
  const owned = stack.move();
  const storage = storageOf(bundle, () => owned.disposeAsync());
  return {
    ...storage,
    images: namesOf(manifest, bundle),
    or: (other, isOthers) => eitherStorage(bundle, storage, other, isOthers),
  };
}

function storageOf(bundle: Bundle, close: () => Promise<void>): RegistryStorage {
  return {
    ...NO_WRITES,
    locate: (name, origin) => bundle.locate(name, origin),
    repositories: () => bundle.repositories(),
    hasRepository: (repository) => bundle.hasRepository(repository),
    tags: (repository) => bundle.tags(repository),
    resolve: (repository, tag) => bundle.resolve(repository, tag),
    manifest: (repository, digest) => bundle.manifest(repository, digest),
    referrers: () => bundle.referrers(),
    blob: (repository, digest) => bundle.blob(repository, digest),
    close,
  };
}

function eitherStorage(
  bundle: Bundle,
  own: RegistryStorage,
  other: RegistryStorage,
  isOthers: (repository: string) => boolean,
): RegistryStorage {
  const choose = (repository: string, isHere: boolean) => (isHere || !isOthers(repository) ? own : other);
  const has = (repository: string, kind: 'documents' | 'blobs', digest: Digest) =>
    bundle.find(repository)?.[kind].has(digest) === true;
  return {
    ...own,
    hasRepository: (repository) => choose(repository, bundle.find(repository) !== undefined).hasRepository(repository),
    tags: (repository) => choose(repository, bundle.find(repository) !== undefined).tags(repository),
    resolve: (repository, tag) =>
      choose(repository, bundle.find(repository)?.tags.has(tag) === true).resolve(repository, tag),
    manifest: (repository, digest) =>
      choose(repository, has(repository, 'documents', digest)).manifest(repository, digest),
    blob: (repository, digest) => choose(repository, has(repository, 'blobs', digest)).blob(repository, digest),
    async close() {
      await Promise.all([own.close?.(), other.close?.()]);
    },
  };
}

class Bundle implements ReadableStorage {
  readonly #store: Store;
  readonly #content: BundleContent;
  readonly #records: PullRecorder;

  constructor(store: Store, content: BundleContent, records: PullRecorder) {
    this.#store = store;
    this.#content = content;
    this.#records = records;
  }

  /** The repository in the storage: under its host, or without one where no host is in its name. */
  find(repository: string): BundledRepository | undefined {
    const asked = parseRepository(repository);
    const { repositories } = this.#content;
    const own = repositories.get(repositoryPath(asked));
    return own ?? (hasHost(asked.repository) ? undefined : repositories.get(asked.repository));
  }

  /** A document that is carried, whatever repository it is in. */
  document(digest: Digest): Document | undefined {
    return this.#content.documents.get(digest);
  }

  /** Whether at least one platform of an image can be pulled. */
  isComplete(digest: Digest): boolean {
    const document = this.document(digest);
    if (document === undefined) return false;
    if (document.kind === 'index') return document.index.manifests.some((child) => this.isComplete(child.digest));
    const { config, layers } = document.manifest;
    return [config, ...layers].every(
      (blob) => this.#content.places.has(blob.digest) || isNondistributable(blob.mediaType),
    );
  }

  async locate(name: string, origin: Origin): Promise<string> {
    const { registry, repository } = askedRepository(name, origin);
    return `${registry}/${repository}`;
  }

  async repositories(): Promise<readonly string[]> {
    return [...this.#content.repositories.keys()].sort();
  }

  async hasRepository(repository: string): Promise<boolean> {
    return this.find(repository) !== undefined;
  }

  async tags(repository: string): Promise<readonly string[]> {
    return [...(this.find(repository)?.tags.keys() ?? [])].sort();
  }

  async resolve(repository: string, tag: string): Promise<Digest | undefined> {
    const name = `${repository}:${tag}`;
    const digest = this.find(repository)?.tags.get(tag);
    const document = digest === undefined ? undefined : this.document(digest);
    if (document === undefined) this.#records.missing(name, 'IMAGE_NOT_FOUND: the cluster image does not carry it');
    else this.#records.served(name, repository, document);
    return document?.descriptor.digest;
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const name = this.#records.nameOf(repository, digest) ?? `${repository}@${digest}`;
    const document = this.find(repository)?.documents.has(digest) === true ? this.document(digest) : undefined;
    if (document === undefined) {
      this.#records.missing(name, `IMAGE_NOT_FOUND: the cluster image does not carry the manifest ${digest}`);
      return undefined;
    }
    this.#records.served(name, repository, document);
    return { digest, mediaType: document.descriptor.mediaType, bytes: document.bytes };
  }

  async referrers(): Promise<readonly Digest[]> {
    return [];
  }

  async blob(repository: string, digest: Digest): Promise<StoredBlob | undefined> {
    const place = this.find(repository)?.blobs.has(digest) === true ? this.#content.places.get(digest) : undefined;
    if (place === undefined) {
      const name = this.#records.nameOf(repository, digest);
      // What belongs to no image is a probe: runtimes look for a manifest among the blobs, too, when it is not there.
      if (name !== undefined && this.document(digest) === undefined) {
        this.#records.missing(name, `IMAGE_NOT_FOUND: the cluster image does not carry its blob ${digest}`);
      }
      return undefined;
    }
    if ('file' in place) return place;
    // A file of its own, where there is one, is sent without a detour.
    const own = await this.#store.locate(digest);
    if (own?.size === place.size) return own;
    return { size: place.size, open: (part) => readPlace(this.#store, digest, place, part) };
  }
}

/** Whether a path begins with what can only be a host: then it is not of an image that was stored without one. */
function hasHost(path: string): boolean {
  const [first = '', second] = path.split('/');
  return second !== undefined && (first === 'localhost' || /\.|_\d+$/.test(first));
}

/**
 * The images that a cluster image names, by our layers or in the list of the Go sealer, and that can be pulled by that
 * name: an annotation that promises what no layer has is no image.
 */
function namesOf(manifest: ImageManifest, bundle: Bundle): readonly BundledName[] {
  const sizes = new Map([...readInventory(manifest).images.values()].map(({ image, size }) => [image, size]));
  const listed = parseContainerImages(manifest).flatMap(({ image }) => (isReference(image) ? [image] : []));
  const names = new Set([...sizes.keys(), ...listed].map((image) => formatReference(parseReference(image))));
  return [...names].sort().flatMap((name) => {
    const { registry, repository, tag = '', digest } = parseReference(name);
    const found = bundle.find(`${registry}/${repository}`);
    const root = digest ?? found?.tags.get(tag);
    if (root === undefined || found?.documents.has(root) !== true || !bundle.isComplete(root)) return [];
    return [{ name, digest: root, bytes: sizes.get(name) ?? bytesOf(root, bundle) }];
  });
}

/** Bytes of an image's documents and of what they lead to, as far as it is carried. */
function bytesOf(root: Digest, bundle: Bundle): number {
  const sizes = new Map<Digest, number>();
  const open = [root];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const document = bundle.document(digest);
    if (document === undefined || sizes.has(digest)) continue;
    sizes.set(digest, document.bytes.byteLength);
    if (document.kind === 'index') open.push(...document.index.manifests.map((each) => each.digest));
    else for (const each of [document.manifest.config, ...document.manifest.layers]) sizes.set(each.digest, each.size);
  }
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
