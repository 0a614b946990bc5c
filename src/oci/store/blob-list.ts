/** What blobs there are. */

import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../error.ts';
import { type Digest, isDigest } from '../digest.ts';
import { ALGORITHMS, type StorePaths } from './paths.ts';

export interface StoredFile {
  readonly digest: Digest;
  readonly file: string;
  readonly stats: Stats;
}

/** All blobs of the store; those that vanish meanwhile are left out. */
export function listBlobs(paths: StorePaths): AsyncGenerator<StoredFile> {
  return listByDigest(paths.blobs);
}

/** All aliases of the store. */
export function listAliases(paths: StorePaths): AsyncGenerator<StoredFile> {
  return listByDigest(paths.aliases);
}

async function* listByDigest(folder: string): AsyncGenerator<StoredFile> {
  for (const algorithm of ALGORITHMS) {
    for (const hex of await entriesOf(join(folder, algorithm))) {
      const digest = `${algorithm}:${hex}`;
      const file = join(folder, algorithm, hex);
      const stats = isDigest(digest) ? await statIfThere(file) : undefined;
      if (isDigest(digest) && stats?.isFile()) yield { digest, file, stats };
    }
  }
}

/** The names in a folder, sorted; none if there is no such folder. */
export async function entriesOf(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}

/** What stat says of a file, or `undefined` where there is none. */
export async function statIfThere(file: string): Promise<Stats | undefined> {
  try {
    return await stat(file);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ENOTDIR')) return undefined;
    throw error;
  }
}
