/**
 * Prune: mark what names lead to, sweep the rest, while others work with the store.
 *
 * Nobody is locked out. What was written or relied on (its time says so) since the oldest living lease, or since the
 * prune began, stays. What goes is first renamed to the trash, and then looked at once more: if somebody relied on it in
 * between, or a new name leads to it, it is renamed back. Who looks for it in that instant finds it absent and fetches
 * it, which is slower and right.
 */

import { mkdir, readdir, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import { type Digest, isDigest } from '../digest.ts';
import { readAlias } from './aliases.ts';
import { entriesOf, listAliases, listBlobs, type StoredFile, statIfThere } from './blob-list.ts';
import { walk } from './graph.ts';
import { oldestLease } from './lease.ts';
import { listNames } from './names.ts';
import { isAlive, ownedName, parseOwnedName } from './owner.ts';
import { aliasPath, blobPath, type StorePaths } from './paths.ts';
import { removeTree } from './scratch.ts';
import { findReferrers, peekDocument } from './stored-documents.ts';

export interface PruneOptions {
  /** Also empty the caches. */
  readonly all?: boolean | undefined;
  /** Only tell what would go. */
  readonly dryRun?: boolean | undefined;
}

export interface PruneResult {
  /** Blobs that no name leads to. */
  readonly blobs: number;
  /** Bytes freed, of everything together. */
  readonly bytes: number;
  /** Partial files of broken attempts. */
  readonly partials: number;
  /** Temporary folders of dead processes. */
  readonly scratch: number;
  /** Files in caches. */
  readonly cached: number;
}

/** File times are compared across clocks of different resolution. */
const CLOCK_SLACK_MS = 2000;

type Referrers = ReadonlyMap<Digest, readonly Descriptor[]>;
type Wanted = ReadonlySet<Digest>;

/** Removes what nobody needs. */
export async function prune(paths: StorePaths, { all = false, dryRun = false }: PruneOptions): Promise<PruneResult> {
  const began = Date.now();
  await restoreTrash(paths);
  const horizon = Math.min(began, await oldestLease(paths)) - CLOCK_SLACK_MS;
  const referrers = await findReferrers(paths);
  const wanted = () => mark(paths, referrers, horizon);
  const garbage = await findGarbage(paths, await wanted(), horizon);
  const swept = dryRun ? garbage : await sweepBlobs(paths, garbage, wanted, horizon);
  if (!dryRun) await sweepAliases(paths);
  const partials = await sweepOwned(paths.ingest, horizon, dryRun);
  const scratch = await sweepOwned(paths.scratch, Infinity, dryRun);
  const cached = all ? await emptyCaches(paths, dryRun) : { count: 0, bytes: 0 };
  const bytes = swept.reduce((sum, { stats }) => sum + stats.size, 0);
  return {
    blobs: swept.length,
    bytes: bytes + partials.bytes + scratch.bytes + cached.bytes,
    partials: partials.count,
    scratch: scratch.count,
    cached: cached.count,
  };
}

async function findGarbage(paths: StorePaths, live: Wanted, horizon: number): Promise<StoredFile[]> {
  const garbage: StoredFile[] = [];
  for await (const blob of listBlobs(paths)) {
    if (!live.has(blob.digest) && blob.stats.mtimeMs < horizon) garbage.push(blob);
  }
  return garbage;
}

/** Every blob that a name or a recent document leads to, also through referrers and by what is embedded in it. */
async function mark(paths: StorePaths, referrers: Referrers, horizon: number): Promise<Wanted> {
  const live = new Set<Digest>();
  const walked = new Set<Digest>();
  const roots = (await listNames(paths)).map((each) => each.descriptor);
  // Who relies on a manifest, to name it in a moment, has not looked at all its layers.
  for await (const { digest, stats } of listBlobs(paths)) {
    const document = stats.mtimeMs >= horizon ? await peekDocument(paths, digest) : undefined;
    if (document !== undefined) roots.push({ ...document.descriptor, digest });
  }
  for (let root = roots.pop(); root !== undefined; root = roots.pop()) {
    if (walked.has(root.digest)) continue;
    walked.add(root.digest);
    for await (const { digest } of walk(root, (each) => peekDocument(paths, each))) {
      live.add(digest);
      roots.push(...(referrers.get(digest) ?? []));
      const carrier = (await readAlias(paths, digest))?.digest;
      if (carrier !== undefined) live.add(carrier);
    }
  }
  return live;
}

async function sweepBlobs(
  paths: StorePaths,
  garbage: readonly StoredFile[],
  wanted: () => Promise<Wanted>,
  horizon: number,
): Promise<readonly StoredFile[]> {
  if (garbage.length === 0) return [];
  const bin = join(paths.trash, ownedName('trash'));
  await mkdir(bin);
  const binned: StoredFile[] = [];
  for (const blob of garbage) {
    const file = join(bin, blob.digest.replace(':', '-'));
    if (await renameIfThere(blob.file, file)) binned.push({ ...blob, file });
  }
  const swept = await restoreWanted(paths, binned, wanted, horizon);
  await removeTree(bin);
  return swept;
}

/** Puts back what is wanted after all. Answers what is not. */
async function restoreWanted(
  paths: StorePaths,
  binned: readonly StoredFile[],
  wanted: () => Promise<Wanted>,
  horizon: number,
): Promise<readonly StoredFile[]> {
  const live = await wanted();
  const unwanted: StoredFile[] = [];
  for (const blob of binned) {
    const isWanted = live.has(blob.digest) || (await stat(blob.file)).mtimeMs >= horizon;
    if (isWanted) await rename(blob.file, blobPath(paths, blob.digest));
    else unwanted.push(blob);
  }
  // A manifest that is back may lead to more of them.
  return unwanted.length === binned.length ? unwanted : await restoreWanted(paths, unwanted, wanted, horizon);
}

/** What a prune was about to delete when it was killed goes back, and is judged anew. */
async function restoreTrash(paths: StorePaths): Promise<void> {
  for (const name of await entriesOf(paths.trash)) {
    const bin = join(paths.trash, name);
    const stats = await statIfThere(bin);
    if (stats === undefined || isAlive(parseOwnedName(name)?.owner ?? '', stats.mtimeMs)) continue;
    for (const file of await entriesOf(bin)) {
      const digest = file.replace('-', ':');
      if (isDigest(digest)) await renameIfThere(join(bin, file), blobPath(paths, digest));
    }
    await removeTree(bin);
  }
}

async function sweepAliases(paths: StorePaths): Promise<void> {
  for await (const { digest } of listAliases(paths)) {
    // Reading an alias whose blob is gone removes it.
    await readAlias(paths, digest);
    // Content that lies in the store by itself is found there first.
    if ((await statIfThere(blobPath(paths, digest))) !== undefined)
      await unlink(aliasPath(paths, digest)).catch(() => {});
  }
}

async function sweepOwned(folder: string, horizon: number, dryRun: boolean): Promise<{ count: number; bytes: number }> {
  let count = 0;
  let bytes = 0;
  for (const name of await entriesOf(folder)) {
    const file = join(folder, name);
    const stats = await statIfThere(file);
    if (stats === undefined || stats.mtimeMs >= horizon) continue;
    if (isAlive(parseOwnedName(name)?.owner ?? '', stats.mtimeMs)) continue;
    bytes += await sizeOf(file);
    count++;
    if (!dryRun) await removeTree(file);
  }
  return { count, bytes };
}

/** The folders of the caches stay: a build may be about to write into one. */
async function emptyCaches(paths: StorePaths, dryRun: boolean): Promise<{ count: number; bytes: number }> {
  let count = 0;
  let bytes = 0;
  for (const cache of await entriesOf(paths.cache)) {
    for (const name of await entriesOf(join(paths.cache, cache))) {
      const file = join(paths.cache, cache, name);
      bytes += await sizeOf(file);
      count++;
      if (!dryRun) await removeTree(file);
    }
  }
  return { count, bytes };
}

async function sizeOf(file: string): Promise<number> {
  const stats = await statIfThere(file);
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.size;
  let bytes = 0;
  for (const name of await readdir(file).catch(() => [])) bytes += await sizeOf(join(file, name));
  return bytes;
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}
