/**
 * The digests of a tree's files, remembered from build to build. A file is read again only when its size, times or inode
 * changed, so that a build of a large context that has nothing to do takes no longer than asking for those.
 */

import { createHash } from 'node:crypto';
import { type BigIntStats, closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { digestOf, hexOf } from '../../oci/digest.ts';
import type { Store } from '../../oci/store/index.ts';
import { readCacheFile, writeCacheFile } from '../layers/cache-file.ts';

/** What is asked about: an absolute path, and what lstat said. */
export interface KnownFile {
  readonly file: string;
  readonly stats: BigIntStats;
}

export interface FileDigests {
  /** SHA-256 of each file in hex, in the order given. */
  digests(files: readonly KnownFile[], signal?: AbortSignal): Promise<string[]>;
  /** Keeps what was learned. */
  save(): Promise<void>;
}

/** A file's times have the grain of a kernel tick; one changed this recently could change again unseen (as git has it). */
const RACY_MS = 100;
const VERSION = 1;
/** How much is hashed between two looks at the signal. */
const TURN_BYTES = 64 * 1024 * 1024;

/**
 * Opens the memory for a tree.
 * @param root the tree's absolute path
 */
export async function openFileDigests(store: Store, root: string): Promise<FileDigests> {
  const file = join(await store.cacheFolder('files'), `${hexOf(digestOf(root))}.json`);
  const known = (await readCacheFile(file, parseDigests)) ?? new Map<string, string>();
  const used = new Map<string, string>();
  let isChanged = false;

  async function digests(files: readonly KnownFile[], signal?: AbortSignal): Promise<string[]> {
    const results: string[] = [];
    let sinceTurn = 0;
    for (const each of files) {
      const signature = signatureOf(each.stats);
      const remembered = used.get(each.file) ?? known.get(each.file);
      if (remembered?.startsWith(`${signature} `)) {
        used.set(each.file, remembered);
        results.push(remembered.slice(signature.length + 1));
        continue;
      }
      const isSettled = Date.now() - Number(each.stats.ctimeNs / 1_000_000n) > RACY_MS;
      const digest = hashFile(each.file);
      if (isSettled) used.set(each.file, `${signature} ${digest}`);
      isChanged = true;
      results.push(digest);
      sinceTurn += Number(each.stats.size);
      if (sinceTurn < TURN_BYTES) continue;
      sinceTurn = 0;
      await setImmediate();
      signal?.throwIfAborted();
    }
    return results;
  }

  async function save(): Promise<void> {
    if (!isChanged && used.size === known.size) return;
    await writeCacheFile(file, { version: VERSION, files: Object.fromEntries(used) });
  }

  return { digests, save };
}

/** Whether a file is still what it was when it was looked at. */
export function signatureOf(stats: BigIntStats): string {
  return [stats.size, stats.mtimeNs, stats.ctimeNs, stats.ino].join(' ');
}

/** Synchronous reads: four times as fast as a stream, measured. */
function hashFile(file: string): string {
  const hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  const handle = openSync(file, 'r');
  try {
    for (let length = readSync(handle, buffer); length > 0; length = readSync(handle, buffer)) {
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    closeSync(handle);
  }
  return hash.digest('hex');
}

function parseDigests(json: unknown): Map<string, string> | undefined {
  const { version, files } = Object(json) as { version?: unknown; files?: unknown };
  if (version !== VERSION || typeof files !== 'object' || files === null) return undefined;
  const entries = Object.entries(files).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return new Map(entries);
}
