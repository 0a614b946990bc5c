/**
 * Leases: who works with the store, and since when. A prune keeps every blob that was written or relied on since the
 * oldest living lease began, because a build may have it in mind without a name leading to it yet.
 */

import { open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { entriesOf, statIfThere } from './blob-list.ts';
import { isAlive, ownedName, parseOwnedName } from './owner.ts';
import type { StorePaths } from './paths.ts';

export interface Lease {
  /** When it began, by the clock of the file system: ms since the epoch. */
  readonly since: number;
  release(): Promise<void>;
}

/** Takes a lease for this process. */
export async function takeLease(paths: StorePaths): Promise<Lease> {
  const file = join(paths.leases, ownedName('lease'));
  await using handle = await open(file, 'wx');
  const { mtimeMs } = await handle.stat();
  return { since: mtimeMs, release: () => unlink(file).catch(() => {}) };
}

/** When the oldest living lease began (ms since the epoch), or `Infinity` without any. Removes those of dead processes. */
export async function oldestLease(paths: StorePaths): Promise<number> {
  let oldest = Infinity;
  for (const name of await entriesOf(paths.leases)) {
    const file = join(paths.leases, name);
    const stats = await statIfThere(file);
    if (stats === undefined) continue;
    if (isAlive(parseOwnedName(name)?.owner ?? '', stats.mtimeMs)) oldest = Math.min(oldest, stats.mtimeMs);
    else await unlink(file).catch(() => {});
  }
  return oldest;
}
