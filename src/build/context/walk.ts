/** Everything below a source, with what tells one version of a file from another. */

import { type BigIntStats, lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { isVisible, type SourceTree } from './source-tree.ts';

export interface SourceEntry {
  /** Relative to the source; empty for the source itself. */
  readonly path: string;
  /** Relative to the tree. */
  readonly origin: string;
  readonly type: 'file' | 'directory' | 'symlink';
  readonly mode: number;
  readonly size: number;
  readonly linkname?: string | undefined;
  /** Absolute. */
  readonly file: string;
  readonly stats: BigIntStats;
}

/**
 * Walks a source, itself first, folders before what is in them. Synchronous on purpose: a context has many small files,
 * and an asynchronous call for each costs ten times the work itself.
 * @param path in the tree, without links
 * @param onSkipped told of sockets, pipes and devices, which no image can carry
 */
export function walkSource(tree: SourceTree, path: string, onSkipped: (path: string) => void): SourceEntry[] {
  const entries: SourceEntry[] = [];
  visit(tree, path, '', entries, onSkipped);
  return entries;
}

/** 0755 for folders and for what its owner can execute, else 0644: the same on every checkout and for every umask. */
export function portableMode(type: SourceEntry['type'], mode: number): number {
  if (type === 'symlink') return 0o777;
  return type === 'directory' || (mode & 0o100) !== 0 ? 0o755 : 0o644;
}

function visit(
  tree: SourceTree,
  origin: string,
  path: string,
  entries: SourceEntry[],
  onSkipped: (path: string) => void,
): void {
  const file = join(tree.root, origin);
  const stats = lstatSync(file, { bigint: true });
  const type = typeOf(stats);
  if (type === undefined) {
    onSkipped(origin);
    return;
  }
  const own = Number(stats.mode) & 0o7777;
  const mode = tree.modes === 'portable' ? portableMode(type, own) : type === 'symlink' ? 0o777 : own;
  const size = type === 'file' ? Number(stats.size) : 0;
  const linkname = type === 'symlink' ? readlinkSync(file) : undefined;
  entries.push({ path, origin, type, mode, size, linkname, file, stats });
  if (type !== 'directory') return;
  for (const child of readdirSync(file, { withFileTypes: true })) {
    const childOrigin = origin === '' ? child.name : `${origin}/${child.name}`;
    if (!isVisible(tree, childOrigin, child.isDirectory())) continue;
    const before = entries.length;
    visit(tree, childOrigin, path === '' ? child.name : `${path}/${child.name}`, entries, onSkipped);
    dropIfOnlyPassedThrough(tree, entries, before);
  }
}

/** An ignored folder is entered for the sake of a `!pattern`; it counts only if that found something. */
function dropIfOnlyPassedThrough(tree: SourceTree, entries: SourceEntry[], at: number): void {
  const entry = entries[at];
  if (entry?.type !== 'directory' || entries.length > at + 1 || tree.ignore === undefined) return;
  if (tree.ignore.ignores(entry.origin)) entries.length = at;
}

function typeOf(stats: BigIntStats): SourceEntry['type'] | undefined {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  return stats.isSymbolicLink() ? 'symlink' : undefined;
}
