/** Tags and documents from upstream: each asked for once, verified, and kept in the store. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import type { Document } from '../../oci/manifest.ts';
import { formatReference, parseRepository } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import type { RegistryClient } from '../client/index.ts';

/** What is needed of a registry client. */
export type UpstreamSource = Pick<RegistryClient, 'resolve' | 'document' | 'fetchBlob'>;

export interface UpstreamOptions {
  readonly store: Store;
  readonly source: UpstreamSource;
  /** What complete names stand for, whatever their registries say now. */
  readonly resolved?: ReadonlyMap<string, Pick<Descriptor, 'digest'>> | undefined;
  readonly signal: AbortSignal;
}

/** Repositories are named `registry/path` here. */
export interface Upstream {
  /**
   * What a tag stands for: asked for once, so that it does not move while we are looked at.
   * @throws SealerError as RegistryClient.resolve
   */
  resolve(repository: string, tag: string): Promise<Digest>;
  /**
   * A manifest or index.
   * @throws SealerError as RegistryClient.document
   */
  document(repository: string, digest: Digest): Promise<Document>;
}

/** Makes the reader of tags and documents. */
export function openUpstream({ store, source, resolved, signal }: UpstreamOptions): Upstream {
  const tags = new Map<string, Promise<Digest>>();
  const documents = new Map<string, Promise<Document>>();
  return {
    resolve(repository, tag) {
      const reference = { ...parseRepository(repository), tag };
      const known = resolved?.get(formatReference(reference));
      if (known !== undefined) return Promise.resolve(known.digest);
      return once(
        tags,
        formatReference(reference),
        'kept',
        async () => (await source.resolve(reference, signal)).digest,
      );
    },
    document(repository, digest) {
      return once(documents, `${repository}@${digest}`, 'shared', async () => {
        const there = await stored(store, digest);
        if (there !== undefined) return there;
        const document = await source.document({ ...parseRepository(repository), digest }, signal);
        await keep(store, digest, document.bytes);
        return document;
      });
    },
  };
}

/** Who asks while an answer is on its way gets the same; a failure is forgotten, so that the next one tries again. */
function once<T>(
  running: Map<string, Promise<T>>,
  key: string,
  afterwards: 'kept' | 'shared',
  work: () => Promise<T>,
): Promise<T> {
  const known = running.get(key);
  if (known !== undefined) return known;
  const promise = work();
  running.set(key, promise);
  const forget = () => running.delete(key);
  promise.then(afterwards === 'kept' ? () => {} : forget, forget);
  return promise;
}

/** The store's copy, unless there is none or it was altered: then it is gone, and upstream has the right one. */
async function stored(store: Store, digest: Digest): Promise<Document | undefined> {
  if ((await store.stat(digest)) === undefined) return undefined;
  try {
    return await store.document(digest);
  } catch (error) {
    if (error instanceof SealerError && error.code === 'DIGEST_MISMATCH') return undefined;
    throw error;
  }
}

/** Under the digest that was asked for, which may be of sha512. */
async function keep(store: Store, digest: Digest, bytes: Buffer): Promise<void> {
  await using ingest = await store.ingest({ digest, size: bytes.byteLength });
  if (ingest.offset > 0) await ingest.restart();
  await ingest.write(bytes);
  await ingest.commit();
}
