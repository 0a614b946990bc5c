/**
 * Partial blobs. While a blob is written it is `ingest/<algorithm>-<hex>+<prefix length>.<owner>.<random>`; what a dead
 * or failed attempt at the same content leaves is taken over by renaming the file, which only one process can win.
 */

import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../error.ts';
import { algorithmOf, type Digest, hexOf } from '../digest.ts';
import { entriesOf, statIfThere } from './blob-list.ts';
import { isAlive, NOBODY, ownedName, parseOwnedName } from './owner.ts';
import type { StorePaths } from './paths.ts';

export interface Partial {
  readonly file: string;
  readonly handle: FileHandle;
  /** Bytes in the file; 0 for a new one. */
  readonly size: number;
}

/**
 * What attempts at the same content have in common. The prefix counts, since the content begins after it.
 * @param digest the content's digest, or `undefined` if it is known only at the end; such a partial is never taken over
 */
export function partialKey(digest: Digest | undefined, prefixLength: number): string {
  return digest === undefined ? 'new' : `${algorithmOf(digest)}-${hexOf(digest)}+${prefixLength}`;
}

/** Takes over the largest partial file of this key that nobody writes to. */
export async function claimPartial(paths: StorePaths, key: string): Promise<Partial | undefined> {
  const free: { file: string; size: number }[] = [];
  for (const name of await entriesOf(paths.ingest)) {
    const parsed = parseOwnedName(name);
    if (parsed?.key !== key) continue;
    const file = join(paths.ingest, name);
    const stats = await statIfThere(file);
    if (stats !== undefined && !isAlive(parsed.owner, stats.mtimeMs)) free.push({ file, size: stats.size });
  }
  for (const { file } of free.sort((a, b) => b.size - a.size)) {
    const claimed = await claim(paths, key, file);
    if (claimed !== undefined) return claimed;
  }
  return undefined;
}

/** Begins a new partial file. */
export async function createPartial(paths: StorePaths, key: string): Promise<Partial> {
  const file = join(paths.ingest, ownedName(key));
  return { file, handle: await open(file, 'wx+'), size: 0 };
}

/** Leaves a partial file to whoever tries again, this process included. */
export async function releasePartial(paths: StorePaths, key: string, file: string): Promise<void> {
  await rename(file, join(paths.ingest, ownedName(key, NOBODY))).catch(() => {});
}

/** Removes a partial file. */
export async function dropPartial(file: string): Promise<void> {
  await unlink(file).catch(() => {});
}

async function claim(paths: StorePaths, key: string, free: string): Promise<Partial | undefined> {
  const file = join(paths.ingest, ownedName(key));
  try {
    await rename(free, file);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined; // somebody else took it
    throw error;
  }
  const handle = await open(file, 'r+');
  return { file, handle, size: (await handle.stat()).size };
}
