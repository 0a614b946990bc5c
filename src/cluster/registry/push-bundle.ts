/** The external registry: what a cluster image carries is pushed into it, out of the store. */

import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { bundleStorage, registryFolder } from '../../cluster-image/index.ts';
import type { ExternalRegistrySpec } from '../../clusterfile/desired.ts';
import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type Document, type ImageManifest, type IndexDocument, parseDocument, serialize } from '../../oci/manifest.ts';
import { isNondistributable } from '../../oci/media-types.ts';
import { parseReference, type Reference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import { inParallel } from '../../parallel.ts';
import { type Report, silent } from '../../progress.ts';
import type { RegistryClient } from '../../registry/client/index.ts';
import type { RegistryStorage, StoredBlob } from '../../registry/server/index.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import { authorityOf, credentialsOf, mirroredRegistries } from './access.ts';

export interface PushBundleOptions {
  /** Speaks to the external registry: its credentials and authorities are the client's. */
  readonly client: RegistryClient;
  readonly report?: Report | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface PushedBundle {
  /** Bytes that crossed the network; 0 when all was there. */
  readonly moved: number;
  /** Complete names of the images. */
  readonly images: readonly string[];
}

/** Images at a time; the client limits the blobs. */
const IMAGES = 4;

/**
 * Pushes all container images of a cluster image, each as `<external>/<host folder>/<repository>` under its own tag and
 * digest. An image that is there is not sent again, and no blob twice.
 * @throws SealerError IMAGE_NOT_FOUND, UNAUTHORIZED, DENIED, REGISTRY_ERROR, and others of the client and the store
 */
export async function pushBundle(
  store: Store,
  manifest: ImageManifest,
  external: Pick<ExternalRegistrySpec, 'domain' | 'port'>,
  options: PushBundleOptions,
): Promise<PushedBundle> {
  const { signal } = options;
  const storage = await bundleStorage({ store, manifest, signal });
  try {
    const push = new Push(storage, authorityOf(external.domain, external.port), options);
    await inParallel(storage.images, IMAGES, async ({ name, digest }) => {
      signal?.throwIfAborted();
      await push.image(parseReference(name), digest);
    });
    return { moved: push.moved, images: storage.images.map(({ name }) => name) };
  } finally {
    await storage.close?.();
  }
}

/**
 * How members pull from an external registry.
 * @param caFile path on every host of the PEM file that `external.ca` was written to, if it has one
 */
export function externalAccess(
  external: ExternalRegistrySpec,
  images: readonly string[],
  caFile: string | undefined,
): RegistryAccess {
  const authority = authorityOf(external.domain, external.port);
  return {
    endpoints: [{ scheme: external.insecure ? 'http' : 'https', authority }],
    ...(caFile === undefined ? {} : { caFile }),
    ...credentialsOf(external),
    mirrored: mirroredRegistries(images).filter((registry) => registry !== authority),
  };
}

class Push {
  moved = 0;
  readonly #storage: RegistryStorage;
  readonly #registry: string;
  readonly #client: RegistryClient;
  readonly #report: Report;
  readonly #signal: AbortSignal | undefined;
  /** By repository and digest: images share blobs. */
  readonly #blobs = new Map<string, Promise<void>>();
  /** The last push of each blob. */
  readonly #turns = new Map<Digest, Promise<void>>();
  /** Repositories of this registry that have a blob by now. */
  readonly #homes = new Map<Digest, string>();

  constructor(storage: RegistryStorage, registry: string, { client, report = silent, signal }: PushBundleOptions) {
    this.#storage = storage;
    this.#registry = registry;
    this.#client = client;
    this.#report = report;
    this.#signal = signal;
  }

  async image(name: Reference, digest: Digest): Promise<void> {
    const target: Reference = {
      registry: this.#registry,
      repository: `${registryFolder(name.registry)}/${name.repository}`,
    };
    const from = `${name.registry}/${name.repository}`;
    const document = await this.#document(from, digest);
    if (document === undefined) throw absent(from, digest);
    await this.#put(from, target, document, name.tag);
  }

  async #put(from: string, target: Reference, document: Document, tag: string | undefined): Promise<void> {
    if (await this.#isThere(target, document.descriptor.digest, tag)) return;
    if (document.kind === 'index') return await this.#putIndex(from, target, document, tag);
    const { config, layers } = document.manifest;
    const blobs = [config, ...layers].filter(({ mediaType }) => !isNondistributable(mediaType));
    await Promise.all(blobs.map((blob) => this.#blobOnce(from, target, blob)));
    await this.#putDocument(target, document, tag);
  }

  /** An index is carried with the platforms that are wanted; most registries take one only with all. */
  async #putIndex(from: string, target: Reference, document: IndexDocument, tag: string | undefined): Promise<void> {
    const { manifests } = document.index;
    const children = await Promise.all(manifests.map(({ digest }) => this.#document(from, digest)));
    const carried = children.filter((child) => child !== undefined);
    for (const child of carried) await this.#put(from, target, child, undefined);
    try {
      return await this.#putDocument(target, document, tag);
    } catch (error) {
      const isPartial = carried.length < manifests.length && carried.length > 0;
      if (!isPartial || !(error instanceof SealerError) || error.code !== 'REGISTRY_ERROR') throw error;
    }
    const rest = reduced(document, carried);
    if (!(await this.#isThere(target, rest.descriptor.digest, tag))) await this.#putDocument(target, rest, tag);
    if (tag !== undefined) return;
    this.#report({
      type: 'note',
      level: 'warning',
      message: `${target.registry} does not take ${target.repository}@${document.descriptor.digest} without all of its platforms`,
      hint: 'Build the cluster image with all platforms of it, or name that image by a tag.',
    });
  }

  async #putDocument(target: Reference, document: Document, tag: string | undefined): Promise<void> {
    await this.#client.putDocument({ ...target, tag }, document, this.#signal);
    this.moved += document.bytes.byteLength;
  }

  async #isThere(target: Reference, digest: Digest, tag: string | undefined): Promise<boolean> {
    if (!(await this.#client.hasDocument({ ...target, digest }, this.#signal))) return false;
    if (tag === undefined) return true;
    try {
      return (await this.#client.resolve({ ...target, tag }, this.#signal)).digest === digest;
    } catch (error) {
      if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND') return false;
      throw error;
    }
  }

  #blobOnce(from: string, target: Reference, blob: Descriptor): Promise<void> {
    const key = `${target.repository}@${blob.digest}`;
    const known = this.#blobs.get(key);
    if (known !== undefined) return known;
    // Into one repository after the other: what the first has, the others can mount.
    const before = this.#turns.get(blob.digest) ?? Promise.resolve();
    const pushed = before.then(() => this.#blob(from, target, blob));
    this.#turns.set(blob.digest, pushed);
    this.#blobs.set(key, pushed);
    // Whoever waits for it hears of its failure; nobody waiting is no crash.
    pushed.catch(() => {});
    return pushed;
  }

  async #blob(from: string, target: Reference, { digest, size, mediaType }: Descriptor): Promise<void> {
    const found = await this.#storage.blob(from, digest);
    if (found === undefined) throw absent(from, digest);
    const id = `${target.repository} ${digest}`;
    this.#report({ type: 'start', id, label: target.repository, unit: 'bytes', total: size });
    const home = this.#homes.get(digest);
    let sent = 0;
    try {
      const outcome = await this.#client.pushBlob(
        target,
        { digest, size, mediaType },
        async (range) => await openStored(found, range),
        {
          mountFrom: home === undefined ? [] : [home],
          signal: this.#signal,
          onBytes: (delta) => {
            sent += Math.max(0, delta);
            this.#report({ type: 'advance', id, delta });
          },
        },
      );
      this.#homes.set(digest, target.repository);
      if (outcome === 'uploaded') this.moved += sent;
      this.#report({ type: 'end', id, outcome: outcome === 'uploaded' ? 'done' : outcome, moved: sent });
    } catch (error) {
      this.#report({ type: 'end', id, outcome: this.#signal?.aborted === true ? 'cancelled' : 'failed' });
      throw error;
    }
  }

  async #document(repository: string, digest: Digest): Promise<Document | undefined> {
    const found = await this.#storage.manifest(repository, digest);
    return found === undefined ? undefined : parseDocument(Buffer.from(found.bytes), found.mediaType);
  }
}

/** What is carried of an index: the one platform, or a smaller index, which has another digest but the same platforms. */
function reduced({ index, descriptor }: IndexDocument, carried: readonly Document[]): Document {
  const [only] = carried;
  if (only !== undefined && carried.length === 1) return only;
  const digests = new Set(carried.map((each) => each.descriptor.digest));
  const manifests = index.manifests.filter(({ digest }) => digests.has(digest));
  return parseDocument(serialize({ ...index, manifests }), descriptor.mediaType);
}

async function openStored(
  blob: StoredBlob,
  range?: { readonly start: number; readonly end?: number },
): Promise<Readable> {
  const part = { start: range?.start ?? 0, end: Math.min(range?.end ?? Infinity, blob.size - 1) };
  if (blob.size === 0) return Readable.from([]);
  return 'file' in blob ? createReadStream(blob.file, part) : await blob.open(part);
}

function absent(repository: string, digest: Digest): SealerError {
  return new SealerError('IMAGE_NOT_FOUND', `The cluster image does not carry ${digest} of ${repository}`, {
    hint: 'Build or pull the cluster image again.',
  });
}
