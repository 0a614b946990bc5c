/**
 * What earlier builds made, by what went into it. Keys are digests of content, never of times, so a key that is found is
 * the same layer; an entry counts only while the store still has the blob.
 */

import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { checkDescriptor, type Descriptor } from '../../oci/descriptor.ts';
import { type Digest, isDigest } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import { readCacheFile, writeCacheFile } from './cache-file.ts';

/** Raised when the same input would make another layer than before. */
const CACHE_VERSION = 1;

/** A layer that an instruction made, or that it made none. */
export interface CachedLayer {
  readonly layer: { readonly descriptor: Descriptor; readonly diffId: Digest } | undefined;
  /** Where files that discovery reads came from: path in the rootfs → path in the context. */
  readonly origins: Readonly<Record<string, string>>;
}

export interface LayerCache {
  get(key: string): Promise<CachedLayer | undefined>;
  put(key: string, entry: CachedLayer): Promise<void>;
}

/**
 * Opens the cache of a store.
 * @param reads false for --no-cache: nothing is found, but what is made is kept
 */
export async function openLayerCache(store: Store, reads: boolean): Promise<LayerCache> {
  const folder = await store.cacheFolder('layers');
  const fileOf = (key: string): string => join(folder, key.slice(0, 2), `${key}.json`);
  return {
    async get(key) {
      if (!reads) return undefined;
      const entry = await readCacheFile(fileOf(key), parseEntry);
      if (entry?.layer === undefined) return entry;
      const { digest, size } = entry.layer.descriptor;
      return (await store.stat(digest)) === size ? entry : undefined;
    },
    async put(key, entry) {
      const file = fileOf(key);
      await mkdir(dirname(file), { recursive: true });
      await writeCacheFile(file, entry);
    },
  };
}

/** The key of anything that JSON can say. */
export function cacheKey(...parts: readonly unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([CACHE_VERSION, ...parts]))
    .digest('hex');
}

function parseEntry(json: unknown): CachedLayer | undefined {
  const { layer, origins } = Object(json) as { layer?: unknown; origins?: Record<string, string> };
  if (layer === undefined) return { layer: undefined, origins: {} };
  const { descriptor, diffId } = Object(layer) as { descriptor?: unknown; diffId?: unknown };
  if (typeof diffId !== 'string' || !isDigest(diffId)) return undefined;
  return { layer: { descriptor: checkDescriptor(descriptor, 'layer'), diffId }, origins: origins ?? {} };
}
