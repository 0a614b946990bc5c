/** What is in the layers that were packed here, kept so that no later build has to decompress them to know. */

import { join } from 'node:path';
import type { Descriptor } from '../../oci/descriptor.ts';
import { hexOf } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import { indexLayer, type LayerIndex } from '../../oci/tree/index.ts';
import { readCacheFile, writeCacheFile } from './cache-file.ts';

/** Keeps the list of a layer that was just packed. */
export async function keepList(store: Store, layer: Descriptor, index: LayerIndex): Promise<void> {
  await writeCacheFile(await fileOf(store, layer), index);
}

/** The list of a layer: as it was kept, else read out of the layer. */
export async function listOf(store: Store, layer: Descriptor, signal: AbortSignal | undefined): Promise<LayerIndex> {
  return (await readCacheFile(await fileOf(store, layer), parse)) ?? indexLayer(store, layer, signal);
}

async function fileOf(store: Store, { digest }: Descriptor): Promise<string> {
  return join(await store.cacheFolder('layer-lists'), `${hexOf(digest)}.json`);
}

/** Only we write these files, whole, so a look at the outer shape is enough. */
function parse(json: unknown): LayerIndex | undefined {
  const { entries, whiteouts, opaques } = Object(json) as Record<string, unknown>;
  const isList = Array.isArray(entries) && Array.isArray(whiteouts) && Array.isArray(opaques);
  return isList ? { entries, whiteouts, opaques } : undefined;
}
