/**
 * A registry that stands for all registries: what is asked for comes from the store, else from upstream, with this user's
 * credentials, and is verified and kept. It remembers what was asked for.
 *
 * Who may ask is the server's business (`ServeOptions.users`): whoever may, reads what this user can read. Of the
 * addresses that a workload could send us to by the name of an image, those are refused that no registry has: link-local
 * ones, where clouds hand out credentials, and our own. What else it may reach is what the user's own pulls may reach, by
 * GET and HEAD below `/v2/` only.
 */

import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Document } from '../../oci/manifest.ts';
import { parseRepository, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { isForbidden } from '../client/index.ts';
import {
  ApiError,
  NO_WRITES,
  type Origin,
  type ReadableStorage,
  type RegistryStorage,
  type StoredBlob,
  type StoredManifest,
} from '../server/index.ts';
import { askedRepository, canonicalHost } from './asked-repository.ts';
import { BlobFetches, type BringBlob, bringPlain } from './blob-fetches.ts';
import { type Pull, type PullRecorder, pullRecorder } from './pull-records.ts';
import { isAbsence, reasonOf, refusalOf } from './refusal.ts';
import { openUpstream, type Upstream, type UpstreamSource } from './upstream.ts';

export interface PullThroughOptions {
  readonly store: Store;
  readonly source: UpstreamSource;
  /** What complete names stand for (a lock, an earlier resolution), whatever their registries say now. */
  readonly resolved?: ReadonlyMap<string, Pick<Descriptor, 'digest'>> | undefined;
  /** How a blob gets into the store. Default: as it is. */
  readonly bringBlob?: BringBlob | undefined;
  /** Called once for each name that was asked for and each outcome, when its manifest is answered or cannot be had. */
  readonly onPull?: ((pull: Pull) => void) | undefined;
  /** Stops what is under way. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the storage. Closing it, which the server does when it ends, stops all that is under way; the store and the
 * source stay the caller's.
 */
export function pullThroughStorage(options: PullThroughOptions): RegistryStorage {
  const storage = new PullThrough(options);
  return {
    ...NO_WRITES,
    locate: (name, origin) => storage.locate(name, origin),
    repositories: () => storage.repositories(),
    hasRepository: (repository) => storage.hasRepository(repository),
    tags: (repository) => storage.tags(repository),
    resolve: (repository, tag) => storage.resolve(repository, tag),
    manifest: (repository, digest) => storage.manifest(repository, digest),
    referrers: () => storage.referrers(),
    blob: (repository, digest) => storage.blob(repository, digest),
    close: () => storage.close(),
  };
}

/** Blobs whose size is known from a manifest; the oldest go first. */
const KNOWN_BLOBS = 200_000;

class PullThrough implements ReadableStorage {
  readonly #store: Store;
  readonly #end = new AbortController();
  readonly #upstream: Upstream;
  readonly #blobs: BlobFetches;
  readonly #records: PullRecorder;
  readonly #known = new Map<Digest, Descriptor>();
  /** Tags that were asked for and are there, by repository. */
  readonly #tags = new Map<string, Set<string>>();
  /** Indexes that were answered, by repository. */
  readonly #indexes = new Map<string, Set<Digest>>();

  constructor({ store, source, resolved, bringBlob, onPull, signal }: PullThroughOptions) {
    const either = signal === undefined ? this.#end.signal : AbortSignal.any([signal, this.#end.signal]);
    const bring = bringBlob ?? bringPlain(store, source);
    this.#store = store;
    this.#upstream = openUpstream({ store, source, resolved, signal: either });
    this.#blobs = new BlobFetches({ store, bring, signal: either });
    this.#records = pullRecorder(onPull);
  }

  async locate(name: string, origin: Origin): Promise<string> {
    const { registry, repository } = askedRepository(name, origin);
    const host = canonicalHost(registry);
    // Asking ourselves would go on for ever.
    if (isForbidden(host) || host === canonicalHost(origin.host)) {
      throw new ApiError('DENIED', 'There is no registry that may be asked at this address');
    }
    return `${registry}/${repository}`;
  }

  /** Which repositories there are in the world is not ours to tell. */
  async repositories(): Promise<readonly string[]> {
    return [];
  }

  async hasRepository(repository: string): Promise<boolean> {
    return this.#tags.has(repository);
  }

  /** Those that were asked for: upstream's list would say more than anybody asked. */
  async tags(repository: string): Promise<readonly string[]> {
    return [...(this.#tags.get(repository) ?? [])].sort();
  }

  async resolve(repository: string, tag: string): Promise<Digest | undefined> {
    const name = `${repository}:${tag}`;
    const document = await this.#orMissing(name, async () => {
      const digest = await this.#upstream.resolve(repository, tag);
      return await this.#upstream.document(repository, digest);
    });
    if (document === undefined) return undefined;
    this.#tags.set(repository, (this.#tags.get(repository) ?? new Set()).add(tag));
    this.#records.served(name, repository, document);
    return document.descriptor.digest;
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const name = this.#records.nameOf(repository, digest) ?? `${repository}@${digest}`;
    const document = await this.#orMissing(name, () => this.#upstream.document(repository, digest));
    if (document === undefined) return undefined;
    this.#records.served(name, repository, document);
    this.#expect(repository, document);
    return { digest, mediaType: document.descriptor.mediaType, bytes: document.bytes };
  }

  /** Signatures and the like are not what a cluster runs. */
  async referrers(): Promise<readonly Digest[]> {
    return [];
  }

  async blob(repository: string, digest: Digest): Promise<StoredBlob | undefined> {
    const descriptor = this.#known.get(digest) ?? (await this.#findDescriptor(repository, digest));
    if (descriptor === undefined) return undefined;
    const name = this.#records.nameOf(repository, digest) ?? `${repository}@${digest}`;
    return await this.#orMissing(name, async () => {
      await this.#blobs.bring(descriptor, referenceOf(repository));
      const file = await this.#store.locate(digest);
      return file ?? { size: descriptor.size, open: (range) => this.#store.read(digest, range) };
    });
  }

  async close(): Promise<void> {
    this.#end.abort(new DOMException('The proxy ends', 'AbortError'));
    await this.#blobs.settle();
  }

  /** What cannot be had is remembered, and answered as the runtime understands it. */
  async #orMissing<T>(name: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#records.missing(name, reasonOf(error));
      if (isAbsence(error)) return undefined;
      throw refusalOf(error);
    }
  }

  /** After its manifest a runtime asks for config and layers: they begin to come before it does. */
  #expect(repository: string, document: Document): void {
    if (document.kind === 'index') {
      const { digest } = document.descriptor;
      this.#indexes.set(repository, (this.#indexes.get(repository) ?? new Set()).add(digest));
      return;
    }
    const blobs = blobsOf(document);
    for (const blob of blobs) this.#learn(blob);
    this.#blobs.prefetch(blobs, referenceOf(repository));
  }

  #learn(blob: Descriptor): void {
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= KNOWN_BLOBS) this.#known.delete(oldest);
    this.#known.set(blob.digest, blob);
  }

  /** A runtime that has a manifest already, from another repository, asks for its blobs straight away. */
  async #findDescriptor(repository: string, digest: Digest): Promise<Descriptor | undefined> {
    for (const index of this.#indexes.get(repository) ?? []) {
      const document = await this.#store.document(index);
      for (const child of document.kind === 'index' ? document.index.manifests : []) {
        if ((await this.#store.stat(child.digest)) === undefined) continue;
        const manifest = await this.#store.document(child.digest);
        const found = blobsOf(manifest).find((blob) => blob.digest === digest);
        if (found !== undefined) return found;
      }
    }
    return undefined;
  }
}

function blobsOf(document: Document): readonly Descriptor[] {
  return document.kind === 'manifest' ? [document.manifest.config, ...document.manifest.layers] : [];
}

function referenceOf(repository: string): Reference {
  return parseRepository(repository);
}
