/** Files of a stage, read out of its layers; what this build has just packed is read where it came from. */

import { createReadStream, readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { digestOf, hexOf } from '../../oci/digest.ts';
import { openLayer, readEntries } from '../../oci/tar/index.ts';
import type { Builder } from '../builder.ts';
import { contentLayers, type StageLayer, type StageState } from '../stage/state.ts';

/** Which of the content layers has a file, and under which path. */
export interface FilePlace {
  readonly layer: number;
  readonly path: string;
}

/**
 * Reads small files.
 * @param places by path in the image
 */
export async function readStageFiles(
  builder: Builder,
  state: StageState,
  places: ReadonlyMap<string, FilePlace>,
): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const [i, layer] of contentLayers(state).entries()) {
    const wanted = [...places].filter(([, place]) => place.layer === i);
    if (wanted.length > 0)
      await readLayer(builder, layer, new Map(wanted.map(([path, each]) => [path, each.path])), files);
  }
  return files;
}

/** Opens a file of any size. */
export async function openStageFile(
  builder: Builder,
  state: StageState,
  { layer: i, path }: FilePlace,
): Promise<Readable> {
  const layer = contentLayers(state)[i];
  const source = layer?.sources?.get(path)?.content;
  if (source !== undefined) return 'bytes' in source ? Readable.from([source.bytes]) : createReadStream(source.file);
  return layer === undefined ? Readable.from([]) : Readable.from(contentOf(builder, layer, path));
}

async function* contentOf({ world }: Builder, layer: StageLayer, path: string): AsyncGenerator<Buffer> {
  const { store, signal } = world;
  for await (const entry of readEntries(await openLayer(store, layer.descriptor, signal), { signal })) {
    if (entry.type !== 'file' || entry.path !== path) continue;
    yield* entry.content;
    return;
  }
}

/**
 * Reads some files of a layer.
 * @param wanted path in the image → path in the layer
 */
async function readLayer(
  builder: Builder,
  layer: StageLayer,
  wanted: ReadonlyMap<string, string>,
  files: Map<string, Buffer>,
): Promise<void> {
  const inLayer = new Map<string, Buffer>();
  for (const path of new Set(wanted.values())) {
    const bytes = readSource(layer, path);
    if (bytes !== undefined) inLayer.set(path, bytes);
  }
  const missing = new Set([...wanted.values()].filter((path) => !inLayer.has(path)));
  const { store, signal } = builder.world;
  if (missing.size > 0) {
    for await (const entry of readEntries(await openLayer(store, layer.descriptor, signal), { signal })) {
      if (entry.type !== 'file' || !missing.has(entry.path)) continue;
      inLayer.set(entry.path, Buffer.concat(await entry.content.toArray()));
    }
  }
  for (const [path, source] of wanted) files.set(path, inLayer.get(source) ?? Buffer.alloc(0));
}

/** The file that was packed, if it still is what it was then. */
function readSource({ sources }: StageLayer, path: string): Buffer | undefined {
  const source = sources?.get(path);
  if (source === undefined) return undefined;
  try {
    const bytes = 'bytes' in source.content ? Buffer.from(source.content.bytes) : readFileSync(source.content.file);
    return hexOf(digestOf(bytes)) === source.digest ? bytes : undefined;
  } catch {
    return undefined;
  }
}
