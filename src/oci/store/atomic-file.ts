/** Small files that are there whole or not at all, whoever kills us when. */

import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ownedName } from './owner.ts';
import type { StorePaths } from './paths.ts';

/**
 * Writes a file of the store under a temporary name and renames it into place.
 * @param sync fsync the file before and its folder after the rename, so that it survives power loss too
 */
export async function writeAtomically(
  paths: StorePaths,
  file: string,
  content: Uint8Array | string,
  { sync }: { readonly sync: boolean },
): Promise<void> {
  const temporary = join(paths.ingest, ownedName('new'));
  try {
    await using handle = await open(temporary, 'wx');
    await handle.writeFile(content);
    if (sync) await handle.sync();
    await rename(temporary, file);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
  if (sync) await syncFolder(dirname(file));
}

/** Makes the names in a folder survive power loss. Not every file system can; those that cannot need not. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    await using handle = await open(folder, 'r');
    await handle.sync();
  } catch {
    // Windows and some network file systems refuse to sync folders.
  }
}
