/** Small JSON files of the store's cache: whole or not there, and never missed. */

import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, writeFile } from 'node:fs/promises';

/**
 * Reads a file and checks its shape. What is missing, cut off or of another shape is as if it were not there: a cache
 * only saves time.
 * @param parse gives undefined, or throws, for what it does not know
 */
export async function readCacheFile<T>(file: string, parse: (json: unknown) => T | undefined): Promise<T | undefined> {
  try {
    return parse(JSON.parse(await readFile(file, 'utf8')));
  } catch {
    return undefined;
  }
}

/** Writes beside and renames, so that nobody ever reads half of it. */
export async function writeCacheFile(file: string, value: unknown): Promise<void> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    await writeFile(temporary, JSON.stringify(value));
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}
