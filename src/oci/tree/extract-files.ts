/** Reads a few small files out of layers. */

import type { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import type { Store } from '../store/index.ts';
import { openLayer, readEntries } from '../tar/index.ts';
import { indexLayer } from './layer-index.ts';
import { type Origin, Tree } from './tree.ts';

export interface ExtractOptions {
  /** Larger files are left out. */
  readonly maxFileBytes: number;
  /** Bytes of all files together. Default: 64 MiB. */
  readonly maxTotalBytes?: number | undefined;
  /** Told of each wanted file that is left out because of its size. */
  readonly onSkipped?: ((path: string, size: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * The content of the wanted files, as the layers together make them. A wanted symlink gives what it leads to. Layers
 * that have none of them are not read (their list is, once).
 * @param layers the lowest first
 * @returns by path, in the order of the paths
 * @throws SealerError ARCHIVE_TOO_LARGE when the files together are too large, and what `indexLayer` throws
 */
export async function extractFiles(
  store: Pick<Store, 'read' | 'cacheFolder'>,
  layers: readonly Descriptor[],
  wanted: (path: string) => boolean,
  options: ExtractOptions,
): Promise<Map<string, Buffer>> {
  const origins = findOrigins(await mergeLayers(store, layers, options.signal), wanted, options);
  const contents = new Map<string, Buffer>();
  for (const [layer, descriptor] of layers.entries()) {
    const here = new Set([...origins.values()].filter((each) => each.layer === layer).map((each) => each.path));
    if (here.size > 0) await readFiles(store, descriptor, layer, here, contents, options.signal);
  }
  return new Map(
    [...origins].map(([path, origin]) => [path, contents.get(keyOf(origin.layer, origin.path)) ?? Buffer.alloc(0)]),
  );
}

/** The merged view of layers of the store, the lowest first. */
export async function mergeLayers(
  store: Pick<Store, 'read' | 'cacheFolder'>,
  layers: readonly Descriptor[],
  signal?: AbortSignal,
): Promise<Tree> {
  const indexes = [];
  for (const layer of layers) indexes.push(await indexLayer(store, layer, signal));
  return Tree.merge(indexes);
}

const MAX_TOTAL_BYTES = 64 * 1024 * 1024;

/** Where the content of each wanted path is. */
function findOrigins(tree: Tree, wanted: (path: string) => boolean, options: ExtractOptions): Map<string, Origin> {
  const { maxFileBytes, maxTotalBytes = MAX_TOTAL_BYTES } = options;
  const origins = new Map<string, Origin>();
  let total = 0;
  for (const { path, type } of tree.list()) {
    if (type === 'directory' || !wanted(path)) continue;
    const origin = tree.get(tree.resolve(path))?.origin;
    if (origin === undefined) continue;
    if (origin.size > maxFileBytes) {
      options.onSkipped?.(path, origin.size);
      continue;
    }
    total += origin.size;
    if (total > maxTotalBytes) {
      throw new SealerError('ARCHIVE_TOO_LARGE', `The files to read from the image exceed ${maxTotalBytes} bytes`);
    }
    origins.set(path, origin);
  }
  return origins;
}

async function readFiles(
  store: Pick<Store, 'read'>,
  descriptor: Descriptor,
  layer: number,
  here: ReadonlySet<string>,
  contents: Map<string, Buffer>,
  signal: AbortSignal | undefined,
): Promise<void> {
  for await (const entry of readEntries(await openLayer(store, descriptor, signal), { signal })) {
    // The same path may come twice in a layer; the last one counts.
    if (entry.type !== 'file' || !here.has(entry.path)) continue;
    contents.set(keyOf(layer, entry.path), await bytesOf(entry.content, entry.size));
  }
}

function keyOf(layer: number, path: string): string {
  return `${layer}:${path}`;
}

async function bytesOf(content: Readable, size: number): Promise<Buffer> {
  const bytes = Buffer.alloc(size);
  let at = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}
