/** Archives outside the build context. */

import { createReadStream } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { isSystemError, SealerError } from '../error.ts';
import type { LocalArchive } from './import-archive.ts';

/** A file's times have the grain of a kernel tick; one changed this recently could change again unseen (as git has it). */
const RACY_MS = 100;

/**
 * An archive by its file. Only those of its images are taken that something names: who wants all of them lists them, or
 * puts the archive below `images/`.
 * @throws SealerError SOURCE_NOT_FOUND, PERMISSION
 */
export async function fileArchive(file: string): Promise<LocalArchive> {
  try {
    await using handle = await open(file);
    const { size, mtimeNs, ctimeNs, ino, dev } = await handle.stat({ bigint: true });
    const isSettled = Date.now() - Number(ctimeNs / 1_000_000n) > RACY_MS;
    const identity = ['file', await realpath(file), dev, ino, size, mtimeNs, ctimeNs].join(' ');
    return {
      name: file,
      isWanted: false,
      open: async () => createReadStream(file),
      ...(isSettled ? { identity } : {}),
    };
  } catch (cause) {
    if (!isSystemError(cause, 'ENOENT', 'ENOTDIR', 'EISDIR', 'EACCES')) throw cause;
    const code = cause.code === 'EACCES' ? 'PERMISSION' : 'SOURCE_NOT_FOUND';
    throw new SealerError(code, `The image archive ${file} cannot be read`, {
      cause,
      hint: 'Give a file that docker save, podman save, skopeo copy or sealer save has written.',
    });
  }
}
