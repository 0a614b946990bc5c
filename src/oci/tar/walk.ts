/** Lists a folder of this machine as the entries of a layer, the same on every machine that has the same files. */

import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { isSystemError, SealerError } from '../../error.ts';
import type { TarEntry } from './entry.ts';
import { WHITEOUT_PREFIX } from './whiteout.ts';

/**
 * Whether a path is wanted: `false` leaves it out, with all that it holds; `inside` (folders) takes the folder only if
 * something in it is taken.
 * @param path relative to the root of the walk
 */
export type WalkFilter = (path: string, isDirectory: boolean) => boolean | 'inside';

export interface WalkOptions {
  readonly filter?: WalkFilter | undefined;
  /** Where in the layer the root's content goes: `app/bin`. The folders of this path are not among the entries. */
  readonly prefix?: string | undefined;
  /**
   * `keep`: as they are. `portable`: 0755 for folders and what its owner may execute, else 0644, so that checkouts
   * under different umasks give the same digest. Default: keep.
   */
  readonly modes?: 'keep' | 'portable' | undefined;
  /** The time of all entries, in seconds since 1970. Default: each file's own. */
  readonly mtime?: number | undefined;
  /** Told of each socket, pipe and device, which are then left out. Default: they are errors. */
  readonly onSkipped?: ((path: string, kind: string) => void) | undefined;
}

/**
 * Lists what is in a folder, sorted (see `comparePaths`), folders before what they hold. Files with the same inode
 * become one file and hard links to it. Symlinks are kept as text and never followed.
 * @param root a folder, whose content is listed without itself; or a file, whose path becomes the prefix
 * @throws SealerError CANNOT_PACK for what a layer cannot hold, PERMISSION, SOURCE_CHANGED when a file goes meanwhile
 */
export async function walkTree(root: string, options: WalkOptions = {}): Promise<TarEntry[]> {
  const entries: TarEntry[] = [];
  const firstOf = new Map<string, string>();
  for (const { path, file, stats } of visitTree(root, options)) {
    entries.push(entryOf(joinPath(options.prefix ?? '', path), file, stats, firstOf, options));
  }
  return entries;
}

/** A file, folder or link that a walk comes by. */
export interface Visit {
  /** Relative to the root of the walk; empty for a root that is no folder. */
  readonly path: string;
  readonly file: string;
  readonly stats: BigIntStats;
}

/** Goes through a tree in the order of `walkTree`. Synchronous: a round trip per file would cost more than the work. */
export function* visitTree(root: string, options: Pick<WalkOptions, 'filter' | 'onSkipped'>): Generator<Visit> {
  try {
    const stats = lstatSync(root, { bigint: true });
    if (stats.isDirectory()) yield* visitFolder(root, '', options);
    else yield { path: '', file: root, stats };
  } catch (error) {
    throw describeFailure(error);
  }
}

/**
 * The entry of a visited file.
 * @param firstOf paths of the entries so far by device and inode, of files that have several names
 */
export function entryOf(
  path: string,
  file: string,
  stats: BigIntStats,
  firstOf: Map<string, string>,
  { modes = 'keep', mtime }: Pick<WalkOptions, 'modes' | 'mtime'>,
): TarEntry {
  const mode = modes === 'keep' ? Number(stats.mode & 0o7777n) : portableMode(stats);
  const common = { path, mode, size: 0, mtime: mtime ?? Number(stats.mtimeMs / 1000n) };
  if (stats.isDirectory()) return { ...common, type: 'directory' };
  if (stats.nlink > 1n) {
    const inode = `${stats.dev}:${stats.ino}`;
    const first = firstOf.get(inode);
    if (first !== undefined) return { ...common, type: 'hardlink', linkname: first };
    firstOf.set(inode, path);
  }
  if (stats.isSymbolicLink()) return { ...common, mode: 0o777, type: 'symlink', linkname: readText(file) };
  return { ...common, type: 'file', size: Number(stats.size), content: { file } };
}

/** Two parts of a path within a layer as one. */
export function joinPath(folder: string, path: string): string {
  if (folder === '' || path === '') return folder + path;
  return `${folder}/${path}`;
}

function* visitFolder(
  folder: string,
  path: string,
  options: Pick<WalkOptions, 'filter' | 'onSkipped'>,
): Generator<Visit> {
  for (const name of listNames(folder, path)) {
    const visit = { path: joinPath(path, name), file: `${folder}/${name}` };
    const stats = lstatSync(visit.file, { bigint: true });
    const isDirectory = stats.isDirectory();
    const wanted = options.filter?.(visit.path, isDirectory) ?? true;
    if (wanted === false) continue;
    checkName(name, visit.file);
    if (!isDirectory) {
      if (isPackable(visit, stats, options)) yield { ...visit, stats };
      continue;
    }
    if (wanted === true) yield { ...visit, stats };
    let isTaken = wanted === true;
    for (const inner of visitFolder(visit.file, visit.path, options)) {
      if (!isTaken) yield { ...visit, stats };
      isTaken = true;
      yield inner;
    }
  }
}

/** Sorted by bytes, which also shows the names that are no UTF-8: as text they would be packed under another name. */
function listNames(folder: string, path: string): string[] {
  const names = readdirSync(folder, { encoding: 'buffer' }).sort(Buffer.compare);
  return names.map((bytes) => {
    const name = bytes.toString();
    if (!name.includes('\ufffd') || Buffer.from(name).equals(bytes)) return name;
    throw new SealerError('CANNOT_PACK', `The name ${JSON.stringify(joinPath(path, name))} is not UTF-8`, {
      hint: 'Rename the file.',
    });
  });
}

/** The target of a symlink, which is text like a name. */
function readText(link: string): string {
  const bytes = readlinkSync(link, { encoding: 'buffer' });
  const text = bytes.toString();
  if (Buffer.from(text).equals(bytes)) return text;
  throw new SealerError('CANNOT_PACK', `The target of the symlink ${link} is not UTF-8`);
}

function checkName(name: string, file: string): void {
  // In a layer this name would not be a file: it would delete another one (image-spec 1.1.1, layer.md#whiteouts).
  if (!name.startsWith(WHITEOUT_PREFIX)) return;
  throw new SealerError('CANNOT_PACK', `${file} starts with "${WHITEOUT_PREFIX}", which layers use to delete files`, {
    hint: 'Rename the file, or leave it out.',
  });
}

function isPackable(visit: Omit<Visit, 'stats'>, stats: BigIntStats, { onSkipped }: WalkOptions): boolean {
  if (stats.isFile() || stats.isSymbolicLink()) return true;
  const kind = stats.isSocket() ? 'socket' : stats.isFIFO() ? 'named pipe' : 'device';
  if (onSkipped === undefined) {
    throw new SealerError('CANNOT_PACK', `${visit.file} is a ${kind}, which cannot be in a layer`, {
      hint: 'Remove it, or leave it out.',
    });
  }
  onSkipped(visit.path, kind);
  return false;
}

function describeFailure(error: unknown): unknown {
  if (isSystemError(error, 'EACCES', 'EPERM')) {
    const hint = 'Make it readable, or leave it out.';
    return new SealerError('PERMISSION', `${error.path ?? 'A file'} cannot be read`, { hint, cause: error });
  }
  // It was in its folder's list a moment ago.
  if (isSystemError(error, 'ENOENT', 'ENOTDIR')) {
    const hint = 'Wait until nothing writes to the folder any more, and try again.';
    return new SealerError('SOURCE_CHANGED', `${error.path ?? 'A file'} is gone`, { hint, cause: error });
  }
  return error;
}

function portableMode(stats: BigIntStats): number {
  return stats.isDirectory() || (stats.mode & 0o100n) !== 0n ? 0o755 : 0o644;
}
