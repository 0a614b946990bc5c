/** From what an instruction wants in a layer to the layer: found in the cache, or packed. */

import { lstatSync } from 'node:fs';
import { isDiscoverable } from '../../discover/index.ts';
import type { Platform } from '../../oci/platform.ts';
import { packLayer, type TarEntry, whiteout } from '../../oci/tar/index.ts';
import type { LayerIndex, Tree } from '../../oci/tree/index.ts';
import type { Builder } from '../builder.ts';
import { signatureOf } from '../context/file-digests.ts';
import { type PlannedEntry, sortByPath } from '../instructions/destination.ts';
import type { LayerKind } from '../options.ts';
import { chainOf, type LayerSource, mergedTree, type StageLayer, type StageState } from '../stage/state.ts';
import { type CachedLayer, cacheKey } from './layer-cache.ts';
import { keepList } from './layer-lists.ts';

/** What is to be in a layer. */
export interface LayerContent {
  readonly entries: readonly PlannedEntry[];
  /** Paths of the layers below that are gone. */
  readonly removed: readonly string[];
}

export interface LayerRequest {
  readonly kind: LayerKind;
  /** The instruction, as written. */
  readonly createdBy: string;
  /** Everything that decides about the content, the layers below aside; JSON. */
  readonly inputs: readonly unknown[];
  /** Works the content out; called only if no earlier build had the same inputs on the same layers. */
  readonly content: (lower: Tree) => Promise<LayerContent> | LayerContent;
}

/**
 * Makes a layer on top of a stage. Two keys lead to an earlier one: the inputs with the layers below, which needs no look
 * at those; and the content itself, which is found again on any other base or platform.
 * @returns undefined if there is nothing to put into a layer
 */
export async function makeLayer(
  builder: Builder,
  state: StageState,
  request: LayerRequest,
): Promise<StageLayer | undefined> {
  const { cache, world, compression, epoch } = builder;
  const fastKey = cacheKey('on', chainOf(state), request.inputs, compression, epoch);
  const quick = await cache.get(fastKey);
  if (quick !== undefined) return reuse(builder, quick, request);
  const tree = await mergedTree(state, world.store, world.signal);
  const content = await request.content(tree);
  if (content.entries.length + content.removed.length === 0) {
    await cache.put(fastKey, { layer: undefined, origins: {} });
    return undefined;
  }
  const contentKey = keyOfContent(content, builder);
  const same = contentKey === undefined ? undefined : await cache.get(contentKey);
  if (same !== undefined) {
    await cache.put(fastKey, { ...same, origins: originsOf(content.entries) });
    return reuse(builder, same, request);
  }
  const { layer, isStable } = await packContent(builder, content, request);
  const entry: CachedLayer = { layer: { descriptor: layer.descriptor, diffId: layer.diffId }, origins: layer.origins };
  if (isStable) {
    await cache.put(fastKey, entry);
    if (contentKey !== undefined) await cache.put(contentKey, { ...entry, origins: {} });
  }
  return layer;
}

/** Packs what is known to be new: the changes of a RUN. */
export async function packContent(
  builder: Builder,
  content: LayerContent,
  request: Pick<LayerRequest, 'kind' | 'createdBy'>,
): Promise<{ readonly layer: StageLayer; readonly isStable: boolean }> {
  const { world, compression, epoch } = builder;
  const entries: TarEntry[] = [
    ...content.removed.map((path) => ({ ...whiteout(path), mtime: epoch })),
    ...content.entries.map((entry) => toTarEntry(entry, epoch)),
  ];
  const packed = await packLayer(sortByPath(entries), world.store, {
    compression,
    ...(world.signal === undefined ? {} : { signal: world.signal }),
  });
  const layer: StageLayer = {
    descriptor: { ...packed.descriptor, annotations: { 'sealer.layer': request.kind } },
    diffId: packed.diffId,
    kind: request.kind,
    createdBy: request.createdBy,
    cached: false,
    origins: originsOf(content.entries),
    index: indexOf(content),
    sources: sourcesOf(content.entries),
  };
  await keepList(world.store, packed.descriptor, indexOf(content));
  return { layer, isStable: content.entries.every(isUnchanged) };
}

/** A layer found in the cache, as part of this stage. */
export function reuse(
  builder: Builder,
  { layer, origins }: CachedLayer,
  { kind, createdBy }: Pick<LayerRequest, 'kind' | 'createdBy'>,
): StageLayer | undefined {
  if (layer === undefined) return undefined;
  builder.moved.reused += layer.descriptor.size;
  const descriptor = { ...layer.descriptor, annotations: { 'sealer.layer': kind } };
  return { descriptor, diffId: layer.diffId, kind, createdBy, cached: true, origins };
}

/** For keys of what depends on the platform. */
export function platformKey({ os, architecture, variant }: Platform): readonly string[] {
  return [os, architecture, variant ?? ''];
}

function keyOfContent({ entries, removed }: LayerContent, { compression, epoch }: Builder): string | undefined {
  if (entries.some((entry) => entry.type === 'file' && entry.digest === undefined)) return undefined;
  const facts = entries.map(({ path, type, mode, linkname, digest }) => [
    path,
    type,
    mode,
    linkname ?? '',
    digest ?? '',
  ]);
  return cacheKey('content', facts, removed, compression, epoch);
}

function toTarEntry({ path, type, mode, size, linkname, content }: PlannedEntry, mtime: number): TarEntry {
  return {
    path,
    type,
    mode,
    size,
    mtime,
    ...(linkname === undefined ? {} : { linkname }),
    ...(content === undefined ? {} : { content }),
  };
}

function originsOf(entries: readonly PlannedEntry[]): Record<string, string> {
  const origins: Record<string, string> = {};
  for (const { path, origin, type } of entries) {
    if (origin !== undefined && type === 'file' && isDiscoverable(path)) origins[path] = origin;
  }
  return origins;
}

function sourcesOf(entries: readonly PlannedEntry[]): ReadonlyMap<string, LayerSource> {
  const sources = new Map<string, LayerSource>();
  for (const { path, content, digest } of entries) {
    if (content !== undefined && digest !== undefined && isDiscoverable(path)) sources.set(path, { content, digest });
  }
  return sources;
}

function indexOf({ entries, removed }: LayerContent): LayerIndex {
  return {
    entries: entries.map(({ path, type, mode, size, linkname }) => ({
      path,
      type,
      mode,
      size,
      ...(linkname === undefined ? {} : { linkname }),
    })),
    whiteouts: removed,
    opaques: [],
  };
}

/** A file that changed between hashing and packing must not be found under the old key. */
function isUnchanged({ stats, content }: PlannedEntry): boolean {
  if (stats === undefined || content === undefined || !('file' in content)) return true;
  return signatureOf(lstatSync(content.file, { bigint: true })) === signatureOf(stats);
}
