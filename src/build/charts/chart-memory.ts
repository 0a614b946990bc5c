/** What the name of a chart meant the last time. */

import { join } from 'node:path';
import { type Digest, digestOf, hexOf, isDigest } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import { readCacheFile, writeCacheFile } from '../layers/cache-file.ts';

export interface ChartMemory {
  /** Of the manifest for a chart from a registry, of the archive for one from a repository. */
  readonly digest: Digest;
  /** Where the archive was; of a chart from a repository. */
  readonly url?: string | undefined;
}

export async function recallChart(store: Store, name: string): Promise<ChartMemory | undefined> {
  return await readCacheFile(await fileOf(store, name), (json) => {
    const { digest, url } = Object(json) as Record<string, unknown>;
    if (typeof digest !== 'string' || !isDigest(digest)) return undefined;
    return { digest, url: typeof url === 'string' ? url : undefined };
  });
}

export async function rememberChart(store: Store, name: string, memory: ChartMemory): Promise<void> {
  await writeCacheFile(await fileOf(store, name), memory);
}

async function fileOf(store: Store, name: string): Promise<string> {
  return join(await store.cacheFolder('charts'), `${hexOf(digestOf(name))}.json`);
}
