/** Image lists that the command line names. */

import { readFile } from 'node:fs/promises';
import type { ImageList } from '../../discover/index.ts';
import { isSystemError, SealerError } from '../../error.ts';

export interface ImageLists {
  readonly wanted: readonly ImageList[];
  readonly ignored: readonly ImageList[];
}

/**
 * Reads --image-list and --ignored-image-list.
 * @throws SealerError SOURCE_NOT_FOUND, PERMISSION
 */
export async function readImageLists(wanted: readonly string[], ignored: readonly string[]): Promise<ImageLists> {
  const read = (files: readonly string[]) => Promise.all(files.map(readList));
  return { wanted: await read(wanted), ignored: await read(ignored) };
}

async function readList(file: string): Promise<ImageList> {
  try {
    return { file, text: await readFile(file, 'utf8') };
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw cause;
    const code = cause.code === 'EACCES' ? 'PERMISSION' : 'SOURCE_NOT_FOUND';
    throw new SealerError(code, `The image list ${file} cannot be read`, {
      cause,
      hint: 'Give a file with one image reference per line.',
    });
  }
}
