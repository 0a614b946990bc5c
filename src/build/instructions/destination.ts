/** Where COPY and ADD put things: docker's rules for destinations, over the merged view of the layers below. */

import type { BigIntStats } from 'node:fs';
import { type Place, SealerError } from '../../error.ts';
import { comparePaths, type TarEntry } from '../../oci/tar/index.ts';

/** What the rules need to know of the layers below. */
export interface LowerTree {
  get(path: string): { readonly type: TarEntry['type']; readonly mode: number } | undefined;
  /** Follows links inside the root, whether or not the path exists. */
  resolve(path: string): string;
  isDirectory(path: string): boolean;
}

/** Something to copy: a folder's contents, or one file or link. */
export interface CopySource {
  /** Its name in a destination folder. */
  readonly name: string;
  readonly isDirectory: boolean;
  /** Paths relative to the source; the source itself is the one with an empty path. */
  readonly entries: readonly CopyEntry[];
}

export interface CopyEntry extends Pick<TarEntry, 'path' | 'type' | 'mode' | 'size' | 'linkname' | 'content'> {
  /** SHA-256 of a file's content in hex. */
  readonly digest?: string | undefined;
  /** Path in the context. */
  readonly origin?: string | undefined;
  /** What lstat said when the file was hashed. */
  readonly stats?: BigIntStats | undefined;
}

/** An entry of the layer to be; `path` is its place in the rootfs. */
export type PlannedEntry = CopyEntry;

export interface CopyPlan {
  readonly sources: readonly CopySource[];
  /** As written, variables resolved. */
  readonly destination: string;
  /** Absolute. */
  readonly workdir: string;
  /** How many sources the instruction names, wildcards counted once. */
  readonly sourceCount: number;
  readonly at: Place;
}

const PARENT_MODE = 0o755;

/**
 * Lays the sources out below their destination, parents first, in bytewise order.
 * @throws SealerError BAD_DESTINATION
 */
export function planCopy(plan: CopyPlan, lower: LowerTree): PlannedEntry[] {
  const { folder, isFolder } = locateDestination(plan, lower);
  const planned = new Map<string, PlannedEntry>();
  for (const source of plan.sources) {
    const base = source.isDirectory || !isFolder ? folder : join(folder, source.name);
    for (const entry of source.entries) {
      const path = join(base, entry.path);
      if (path === '') continue;
      checkReplaces(path, entry, lower, planned, plan.at);
      if (keepsLower(path, entry, lower)) continue;
      // A hard link names another entry of the same archive.
      const linkname = entry.type === 'hardlink' ? { linkname: join(base, entry.linkname ?? '') } : {};
      planned.set(path, { ...entry, path, ...linkname });
    }
  }
  if (plan.sources.length === 0 && folder !== '') addParent(folder, lower, planned, plan.at);
  for (const path of [...planned.keys()]) addParents(path, lower, planned, plan.at);
  return sortByPath([...planned.values()]);
}

/** In the order of a layer: folders before what is in them. */
export function sortByPath<T extends { readonly path: string }>(entries: readonly T[]): T[] {
  return entries.toSorted((a, b) => comparePaths(a.path, b.path));
}

/** An absolute or relative path as one relative to the root, `..` going no further than that. */
export function cleanDestination(workdir: string, destination: string): string {
  const done: string[] = [];
  for (const name of (destination.startsWith('/') ? destination : `${workdir}/${destination}`).split('/')) {
    if (name === '..') done.pop();
    else if (name !== '' && name !== '.') done.push(name);
  }
  return done.join('/');
}

function locateDestination(plan: CopyPlan, lower: LowerTree): { folder: string; isFolder: boolean } {
  const { destination, workdir, sources, sourceCount, at } = plan;
  const folder = lower.resolve(cleanDestination(workdir, destination));
  const saysFolder = /(^|\/)\.{0,2}$/.test(destination);
  const isFolder = saysFolder || folder === '' || lower.isDirectory(folder);
  const several = sourceCount > 1 || sources.length > 1;
  if (several && !isFolder) {
    throw new SealerError('BAD_DESTINATION', `"${destination}" would take several sources, but is not a folder`, {
      at,
      hint: `End it in a slash: ${destination}/`,
    });
  }
  const needsFolder = saysFolder || sources.some((source) => source.isDirectory);
  if (needsFolder && folder !== '' && lower.get(folder) !== undefined && !lower.isDirectory(folder)) {
    throw notAFolder(folder, at);
  }
  return { folder, isFolder };
}

/** Neither a folder replaces a file nor a file a folder: who wants that says RUN rm. */
function checkReplaces(
  path: string,
  entry: CopyEntry,
  lower: LowerTree,
  planned: ReadonlyMap<string, PlannedEntry>,
  at: Place,
): void {
  const there = planned.get(path) ?? lower.get(path);
  if (there === undefined) return;
  if (entry.type === 'directory' && there.type !== 'directory') throw notAFolder(path, at);
  if (entry.type !== 'directory' && there.type === 'directory') {
    throw new SealerError('BAD_DESTINATION', `/${path} is a folder and cannot be replaced by a file`, {
      at,
      hint: 'Choose another destination, or remove the folder in a RUN before.',
    });
  }
}

/** A folder that is there with a mode of its own (a /tmp that all may write to) stays as it is. */
function keepsLower(path: string, entry: CopyEntry, lower: LowerTree): boolean {
  if (entry.type !== 'directory') return false;
  const there = lower.get(path);
  return there !== undefined && there.mode !== entry.mode;
}

function addParents(path: string, lower: LowerTree, planned: Map<string, PlannedEntry>, at: Place): void {
  for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
    if (!addParent(path.slice(0, slash), lower, planned, at)) return;
  }
}

/**
 * A parent is part of the layer also where it exists below with the same mode: so the layer is the same whatever it lies on.
 * @returns false when the parent, and with it those above, has been dealt with already
 */
function addParent(path: string, lower: LowerTree, planned: Map<string, PlannedEntry>, at: Place): boolean {
  const already = planned.get(path);
  if (already !== undefined && already.type === 'directory') return false;
  const there = already ?? lower.get(path);
  if (there !== undefined && there.type !== 'directory') throw notAFolder(path, at);
  if (there === undefined || there.mode === PARENT_MODE) {
    planned.set(path, { path, type: 'directory', mode: PARENT_MODE, size: 0 });
  }
  return true;
}

function notAFolder(path: string, at: Place): SealerError {
  return new SealerError('BAD_DESTINATION', `/${path} is not a folder`, {
    at,
    hint: 'Choose another destination, or remove the file in a RUN before.',
  });
}

function join(folder: string, path: string): string {
  return folder === '' ? path : path === '' ? folder : `${folder}/${path}`;
}
