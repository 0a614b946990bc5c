/**
 * How blobs survive power loss without an fsync for each of them.
 *
 * The page cache survives whatever happens to a process, kill -9 included; only a crash of the machine loses what was
 * written and not synced. An fsync per blob costs seconds for a large image on the disks of CI machines, and those are
 * thrown away after the job. So the price is paid by who had a crash: the first write after a boot leaves (and syncs) a
 * marker named after that boot. Who opens the store and finds a marker of another boot hashes the blobs written since,
 * removes what is broken, and removes the marker. Where boots cannot be told apart (no Linux), every blob is synced.
 */

import { mkdir, open, readFile, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../error.ts';
import { algorithmOf } from '../digest.ts';
import { syncFolder } from './atomic-file.ts';
import { entriesOf, listBlobs, statIfThere } from './blob-list.ts';
import { digestFile } from './digest-file.ts';
import { isAlive, parseOwnedName } from './owner.ts';
import type { StorePaths } from './paths.ts';

/** Clocks are set back now and then, and blobs written before the step look too old; so look a little further back. */
const CLOCK_STEP_MS = 60 * 60 * 1000;

/** What tells this boot from others (random(4)), or `undefined` where the system does not say. */
export async function currentBoot(): Promise<string | undefined> {
  try {
    const id = (await readFile('/proc/sys/kernel/random/boot_id', 'latin1')).trim();
    return /^[0-9a-f-]{36}$/.test(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

/** Says that blobs are written in this boot without being synced; to be done before the first of them. */
export async function markUnsynced(paths: StorePaths, boot: string): Promise<void> {
  const marker = join(paths.unsynced, boot);
  if ((await statIfThere(marker)) !== undefined) return;
  await mkdir(paths.unsynced, { recursive: true });
  try {
    await using handle = await open(marker, 'wx');
    await handle.sync();
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) return; // another process was first
    throw error;
  }
  await syncFolder(paths.unsynced);
  await syncFolder(paths.root);
}

/**
 * Checks what was written in earlier boots. Any number of processes may do this at once.
 * @param boot the current boot
 * @returns how many blobs were broken and are gone
 */
export async function recover(paths: StorePaths, boot: string | undefined): Promise<number> {
  const markers = (await entriesOf(paths.unsynced)).filter((name) => name !== boot).map((n) => join(paths.unsynced, n));
  if (markers.length === 0) return 0;
  const times = await Promise.all(markers.map(async (marker) => (await statIfThere(marker))?.mtimeMs ?? Infinity));
  const since = Math.min(...times) - CLOCK_STEP_MS;
  let broken = 0;
  for await (const { digest, file, stats } of listBlobs(paths)) {
    if (stats.mtimeMs < since || (await digestFile(file, algorithmOf(digest))) === digest) continue;
    await unlink(file).catch(ignoreMissing);
    broken++;
  }
  await dropPartials(paths);
  for (const marker of markers) await unlink(marker).catch(ignoreMissing);
  return broken;
}

/** Partial files of an earlier boot may have holes, and a hole in the part before the content would not be noticed. */
async function dropPartials(paths: StorePaths): Promise<void> {
  for (const name of await entriesOf(paths.ingest)) {
    const file = join(paths.ingest, name);
    const stats = await statIfThere(file);
    if (stats === undefined || isAlive(parseOwnedName(name)?.owner ?? '', stats.mtimeMs)) continue;
    await unlink(file).catch(ignoreMissing);
  }
}

function ignoreMissing(error: unknown): void {
  if (!isSystemError(error, 'ENOENT')) throw error;
}
