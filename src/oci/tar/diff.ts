/** What a command changed in a folder: how RUN becomes a layer. */

import { type BigIntStats, readlinkSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { comparePaths, type TarEntry } from './entry.ts';
import { entryOf, visitTree, type WalkOptions } from './walk.ts';
import { whiteout } from './whiteout.ts';

/** How a folder was at one moment. */
export interface Snapshot {
  /** By path: all that tells whether something is still what it was. */
  readonly states: ReadonlyMap<string, string>;
}

export type DiffOptions = Pick<WalkOptions, 'filter' | 'modes' | 'mtime' | 'onSkipped'>;

/** Remembers how a folder is now, to compare with later. */
export async function snapshotTree(root: string, options: Pick<DiffOptions, 'filter'> = {}): Promise<Snapshot> {
  const states = new Map<string, string>();
  let newest = 0n;
  for (const { path, file, stats } of visitTree(root, { ...options, onSkipped: () => {} })) {
    states.set(path, stateOf(file, stats));
    if (stats.ctimeMs > newest) newest = stats.ctimeMs;
  }
  // File times come from a clock that ticks every 4 to 10 ms. What changes within the tick of its last change would
  // keep its time, so the snapshot is not over before that tick is ("racy git").
  const age = Date.now() - Number(newest);
  if (age >= 0 && age < CLOCK_TICK_MS) await setTimeout(CLOCK_TICK_MS - age);
  return { states };
}

/**
 * The entries of a layer that makes of the folder as it was the folder as it is: what is new or changed, sorted, and
 * whiteouts of what is gone (of a folder, one for all of it). A folder counts as changed when its mode did, not when
 * only its times did: what changed in it has entries of its own.
 * @throws SealerError CANNOT_PACK
 */
export async function diffTree(root: string, before: Snapshot, options: DiffOptions = {}): Promise<TarEntry[]> {
  const seen = new Set<string>();
  const folders = new Set<string>();
  const firstOf = new Map<string, string>();
  const entries: TarEntry[] = [];
  for (const { path, file, stats } of visitTree(root, options)) {
    seen.add(path);
    if (stats.isDirectory()) folders.add(path);
    if (before.states.get(path) !== stateOf(file, stats)) entries.push(entryOf(path, file, stats, firstOf, options));
  }
  const gone = [...before.states.keys()].filter((path) => !seen.has(path) && isTopmost(path, folders));
  return [...entries, ...gone.map(whiteout)].sort((a, b) => comparePaths(a.path, b.path));
}

const CLOCK_TICK_MS = 20;

/**
 * The inode tells a file from another that took its place; ctime tells what a program hides by setting mtime back.
 * A folder's times and size change with what is in it, which has states of its own.
 */
function stateOf(file: string, stats: BigIntStats): string {
  if (stats.isDirectory()) return `directory ${stats.mode}`;
  const link = stats.isSymbolicLink() ? readlinkSync(file) : '';
  return `${stats.mode} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs} ${stats.dev}:${stats.ino} ${link}`;
}

/**
 * Whether a path that is gone needs a whiteout of its own: its folder is still there (or it stood at the top). Else
 * the folder's whiteout, or the file that took the folder's place, removes it too.
 */
function isTopmost(path: string, folders: ReadonlySet<string>): boolean {
  const slash = path.lastIndexOf('/');
  return slash === -1 || folders.has(path.slice(0, slash));
}
