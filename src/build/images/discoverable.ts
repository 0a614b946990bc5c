/**
 * The files of a stage that may name container images, with their content. Reading them out of layers means to
 * decompress those, so the answer is kept by what the layers are, and files that this build has just packed are read
 * where they came from.
 */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDiscoverable } from '../../discover/index.ts';
import { digestOf, hexOf } from '../../oci/digest.ts';
import { openLayer, readEntries } from '../../oci/tar/index.ts';
import type { Tree } from '../../oci/tree/index.ts';
import type { Builder } from '../builder.ts';
import { warn } from '../builder.ts';
import { readCacheFile, writeCacheFile } from '../layers/cache-file.ts';
import { cacheKey } from '../layers/layer-cache.ts';
import { chainOf, contentLayers, mergedTree, type StageLayer, type StageState } from '../stage/state.ts';

/** A manifest larger than this is read by nobody: etcd takes 1.5 MiB. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Known to discovery by their names; their content is not read. */
const CHART_ARCHIVE = /^(?:manifests|charts|application\/apps)\/.*\.tgz$/;
/** Raised when other files than before are wanted. */
const VERSION = 2;

export interface Discoverable {
  readonly files: ReadonlyMap<string, Buffer>;
  /** All paths that are wanted, also of files too large to read. */
  readonly paths: readonly string[];
}

interface Place {
  readonly layer: number;
  readonly path: string;
}

/** Finds the files, as the layers together make them. */
export async function discoverableFiles(builder: Builder, state: StageState): Promise<Discoverable> {
  const folder = await builder.world.store.cacheFolder('discoverable');
  const file = join(folder, `${cacheKey(VERSION, chainOf(state))}.json`);
  const known = await readCacheFile(file, parse);
  if (known !== undefined) return known;
  const tree = await mergedTree(state, builder.world.store, builder.world.signal);
  const { places, paths } = locate(builder, tree);
  const files = new Map<string, Buffer>();
  for (const [i, layer] of contentLayers(state).entries()) {
    const wanted = new Map(
      [...places].filter(([, place]) => place.layer === i).map(([path, place]) => [path, place.path]),
    );
    if (wanted.size > 0) await readLayer(builder, layer, wanted, files);
  }
  const found: Discoverable = { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), paths };
  await writeCacheFile(file, serialize(found));
  return found;
}

/** Which layer has the content of each wanted path; links lead to what they mean inside the image. */
function locate(builder: Builder, tree: Tree): { places: Map<string, Place>; paths: string[] } {
  const places = new Map<string, Place>();
  const paths: string[] = [];
  for (const { path, type } of tree.list()) {
    if (type === 'directory') continue;
    if (isDiscoverable(path) || CHART_ARCHIVE.test(path)) paths.push(path);
    if (!isDiscoverable(path)) continue;
    const origin = tree.get(tree.resolve(path))?.origin;
    if (origin === undefined) continue;
    if (origin.size <= MAX_FILE_BYTES) {
      places.set(path, origin);
      continue;
    }
    warn(builder, {
      code: 'MANIFEST_UNREADABLE',
      message: `${path} is too large to look for container images in it`,
      at: { file: path },
      hint: 'Name its images in an image list.',
    });
  }
  return { places, paths };
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

function serialize({ files, paths }: Discoverable): object {
  return { files: [...files].map(([path, bytes]) => [path, bytes.toString('base64')]), paths };
}

function parse(json: unknown): Discoverable | undefined {
  const { files, paths } = Object(json) as { files?: unknown; paths?: unknown };
  if (!Array.isArray(files) || !Array.isArray(paths)) return undefined;
  const entries = files.map(([path, base64]: string[]): [string, Buffer] => [
    path ?? '',
    Buffer.from(base64 ?? '', 'base64'),
  ]);
  return { files: new Map(entries), paths: paths.map(String) };
}
