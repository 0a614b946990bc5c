/** Walking what an image consists of. */

import { SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import type { Digest } from '../digest.ts';
import type { Document } from '../manifest.ts';
import { isIndexType, isManifestType } from '../media-types.ts';
import type { Store } from './store.ts';

/** Where a walk gets its documents from; `undefined` for those that are not there. */
export type LoadDocument = (digest: Digest) => Promise<Document | undefined>;

/**
 * Everything that a descriptor leads to, itself first, each digest once, parents before children. Documents that are not
 * in the store are named, but what is below them is not known.
 * @throws SealerError INVALID_MANIFEST
 */
export function reachable(store: Store, root: Descriptor): AsyncGenerator<Descriptor> {
  return walk(root, (digest) => documentIfThere(store, digest));
}

/** The same over documents from anywhere. */
export async function* walk(root: Descriptor, load: LoadDocument): AsyncGenerator<Descriptor> {
  const seen = new Set<Digest>();
  const open: Descriptor[] = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    yield next;
    const document =
      isIndexType(next.mediaType) || isManifestType(next.mediaType) ? await load(next.digest) : undefined;
    if (document !== undefined) open.push(...childrenOf(document).toReversed());
  }
}

/** What a document refers to: manifests, or config and layers. Its subject is not a part of it. */
export function childrenOf(document: Document): readonly Descriptor[] {
  return document.kind === 'index' ? document.index.manifests : [document.manifest.config, ...document.manifest.layers];
}

/** How large an image is, and whether it is complete. */
export interface ImageSize {
  /** Bytes of everything that it consists of and that is in the store, each digest once. */
  readonly bytes: number;
  /** What the store lacks: platforms that were not pulled, or content that was lost. */
  readonly missing: readonly Descriptor[];
}

/**
 * Measures an image.
 * @throws SealerError INVALID_MANIFEST
 */
export async function imageSize(store: Store, root: Descriptor): Promise<ImageSize> {
  let bytes = 0;
  const missing: Descriptor[] = [];
  for await (const descriptor of reachable(store, root)) {
    const size = await store.stat(descriptor.digest);
    if (size === undefined) missing.push(descriptor);
    else bytes += size;
  }
  return { bytes, missing };
}

async function documentIfThere(store: Store, digest: Digest): Promise<Document | undefined> {
  try {
    return await store.document(digest);
  } catch (error) {
    if (error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND') return undefined;
    throw error;
  }
}
