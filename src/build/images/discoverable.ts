/**
 * The files of a stage that may name container images, with their content. Reading them out of layers means to
 * decompress those, so the answer is kept by what the layers are, and files that this build has just packed are read
 * where they came from.
 */

import { join } from 'node:path';
import { chooseDiscoverable, mustBeRead } from '../../discover/index.ts';
import type { Tree } from '../../oci/tree/index.ts';
import type { Builder } from '../builder.ts';
import { warn } from '../builder.ts';
import { readCacheFile, writeCacheFile } from '../layers/cache-file.ts';
import { cacheKey } from '../layers/layer-cache.ts';
import { chainOf, mergedTree, type StageState } from '../stage/state.ts';
import { type FilePlace, readStageFiles } from './stage-files.ts';

/** A manifest larger than this is read by nobody: etcd takes 1.5 MiB. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;
/** Raised when other files than before are wanted. */
const VERSION = 3;

export interface Discoverable {
  readonly files: ReadonlyMap<string, Buffer>;
  /** All paths that are wanted, also of files too large to read. */
  readonly paths: readonly string[];
}

/** Finds the files, as the layers together make them. */
export async function discoverableFiles(builder: Builder, state: StageState): Promise<Discoverable> {
  const folder = await builder.world.store.cacheFolder('discoverable');
  const file = join(folder, `${cacheKey(VERSION, chainOf(state))}.json`);
  const known = await readCacheFile(file, parse);
  if (known !== undefined) return known;
  const tree = await mergedTree(state, builder.world.store, builder.world.signal);
  const { places, paths } = locate(builder, tree);
  const files = await readStageFiles(builder, state, places);
  const found: Discoverable = { files: new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1))), paths };
  await writeCacheFile(file, serialize(found));
  return found;
}

/** Which layer has the content of each wanted path; links lead to what they mean inside the image. */
function locate(builder: Builder, tree: Tree): { places: Map<string, FilePlace>; paths: string[] } {
  const places = new Map<string, FilePlace>();
  const all = [...tree.list()].flatMap(({ path, type }) => (type === 'directory' ? [] : [path]));
  const paths = [...chooseDiscoverable(all)];
  for (const path of paths) {
    const origin = tree.get(tree.resolve(path))?.origin;
    if (origin === undefined) continue;
    if (origin.size <= MAX_FILE_BYTES) {
      places.set(path, origin);
      continue;
    }
    if (!mustBeRead(path)) continue;
    warn(builder, {
      code: 'MANIFEST_UNREADABLE',
      message: `${path} is too large to look for container images in it`,
      at: { file: path },
      hint: 'Name its images in an image list.',
    });
  }
  return { places, paths };
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
