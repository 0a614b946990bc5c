/** What a layer holds, without its content: read once, then remembered. */

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import { algorithmOf, type Digest, hexOf } from '../digest.ts';
import type { Store } from '../store/index.ts';
import { type EntryType, openLayer, readEntries } from '../tar/index.ts';

export interface LayerIndex {
  /** In the order of the layer. */
  readonly entries: readonly IndexEntry[];
  /** Paths that the layer removes from those below it. */
  readonly whiteouts: readonly string[];
  /** Folders of which the layer removes all that those below it have in them. */
  readonly opaques: readonly string[];
}

export interface IndexEntry {
  readonly path: string;
  readonly type: EntryType;
  readonly mode: number;
  /** Bytes. */
  readonly size: number;
  /** Symlink: its text. Hard link: the path of its target. */
  readonly linkname?: string;
}

/**
 * Lists a layer of the store; the list is kept in the store's cache, by the layer's digest.
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, and what `readEntries` throws
 */
export async function indexLayer(
  store: Pick<Store, 'read' | 'cacheFolder'>,
  layer: Descriptor,
  signal?: AbortSignal,
): Promise<LayerIndex> {
  const file = join(await store.cacheFolder('layer-index'), nameOf(layer.digest));
  const known = await readIndex(file);
  if (known !== undefined) return known;
  const index = await buildIndex(store, layer, signal);
  await writeIndex(file, index);
  return index;
}

/** Part of a kept list's name: a list in another shape gets another name, so older versions of sealer live beside it. */
const FORMAT = 'v1';

function nameOf(digest: Digest): string {
  return `${FORMAT}-${algorithmOf(digest)}-${hexOf(digest)}.json`;
}

async function buildIndex(
  store: Pick<Store, 'read'>,
  layer: Descriptor,
  signal: AbortSignal | undefined,
): Promise<LayerIndex> {
  const entries: IndexEntry[] = [];
  const whiteouts: string[] = [];
  const opaques: string[] = [];
  for await (const entry of readEntries(await openLayer(store, layer, signal), { signal })) {
    const { path, type, mode, size, linkname } = entry;
    if (type === 'whiteout') whiteouts.push(path);
    else if (type === 'opaque') opaques.push(path);
    else entries.push({ path, type, mode, size, ...(linkname === undefined ? {} : { linkname }) });
  }
  return { entries, whiteouts, opaques };
}

/** A list that is missing, cut off or of another shape is made anew. */
async function readIndex(file: string): Promise<LayerIndex | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isIndex(value) ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || isSystemError(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isIndex(value: unknown): value is LayerIndex {
  if (typeof value !== 'object' || value === null) return false;
  const { entries, whiteouts, opaques } = value as Record<string, unknown>;
  return Array.isArray(entries) && entries.every(isEntry) && isTexts(whiteouts) && isTexts(opaques);
}

function isEntry(value: unknown): value is IndexEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { path, type, mode, size, linkname } = value as Record<string, unknown>;
  if (typeof path !== 'string' || typeof mode !== 'number' || typeof size !== 'number') return false;
  if (type === 'symlink' || type === 'hardlink') return typeof linkname === 'string';
  return type === 'file' || type === 'directory';
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

/** Written beside and renamed, so that nobody ever reads half of it. */
async function writeIndex(file: string, index: LayerIndex): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(index));
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
