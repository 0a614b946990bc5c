/** Temporary folders on the store's disk. */

import { chmod, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isSystemError } from '../../error.ts';
import { ownedName } from './owner.ts';
import type { StorePaths } from './paths.ts';

/** A folder for one piece of work; disposing removes it with all that is in it. */
export interface Scratch extends AsyncDisposable {
  readonly path: string;
}

/**
 * Makes a private temporary folder. If the process dies, the next prune removes it.
 * @param label what for, as a person may read it in the folder's name
 */
export async function makeScratch(paths: StorePaths, label: string): Promise<Scratch> {
  const path = join(paths.scratch, ownedName(label.replaceAll(/[^a-zA-Z0-9_-]/g, '-')));
  await mkdir(path, { mode: 0o700 });
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

/** Removes a folder, also where a tree that was unpacked into it has folders that nobody may write to. */
export async function removeTree(path: string): Promise<void> {
  try {
    await rm(path, { recursive: true, force: true });
  } catch (error) {
    if (!isSystemError(error, 'EACCES', 'EPERM')) throw error;
    await openUp(path);
    await rm(path, { recursive: true, force: true });
  }
}

async function openUp(folder: string): Promise<void> {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await openUp(join(folder, entry.name));
  }
}
