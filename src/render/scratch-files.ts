/** Puts files from memory into a private folder, where a tool reads them. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A temporary folder; disposing removes it with all that is in it. */
export interface ScratchFolder extends AsyncDisposable {
  readonly path: string;
}

/**
 * Writes files below a folder, synchronously: a chart may have thousands, and a turn of the event loop for each costs
 * more than the file. Names come from archives and images: one that would lead outside, or through a file,
 * is an error.
 * @throws Error naming the file
 */
export async function writeFiles(folder: string, files: Iterable<readonly [string, Uint8Array]>): Promise<void> {
  const folders = new Set<string>();
  for (const [path, content] of files) {
    if (!isInside(path)) throw new Error(`${JSON.stringify(path)} is no path inside a folder`);
    const file = join(folder, path);
    if (!folders.has(dirname(file))) {
      mkdirSync(dirname(file), { recursive: true });
      folders.add(dirname(file));
    }
    // `wx`: the folder is ours and new, so what is there already is a name that stands twice.
    writeFileSync(file, content, { flag: 'wx' });
  }
}

function isInside(path: string): boolean {
  return !path.includes('\0') && path.split('/').every((name) => name !== '' && name !== '.' && name !== '..');
}
