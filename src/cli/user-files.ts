/** Files that the user names on the command line. */

import { open, rename, rm, writeFile } from 'node:fs/promises';
import { type Readable, Writable } from 'node:stream';
import { isSystemError, SealerError } from '../error.ts';

/**
 * Opens a file to read.
 * @throws SealerError PERMISSION, naming the file
 */
export async function openInput(file: string): Promise<Readable> {
  try {
    const handle = await open(file);
    if (!(await handle.stat()).isDirectory()) return handle.createReadStream();
    await handle.close();
  } catch (cause) {
    throw asFileError(cause, file, 'read');
  }
  throw new SealerError('PERMISSION', `${file} cannot be read: it is a folder`);
}

/**
 * Writes a small file.
 * @throws SealerError PERMISSION, naming the file
 */
export async function writeText(file: string, text: string): Promise<void> {
  await writeFile(file, text).catch((cause: unknown) => {
    throw asFileError(cause, file, 'written');
  });
}

/**
 * Writes a file beside its place first, so that nobody takes half of it for the whole.
 * @param write ends the stream
 * @throws SealerError PERMISSION, naming the file
 */
export async function writeWhole<T>(file: string, write: (output: Writable) => Promise<T>): Promise<T> {
  const draft = `${file}.${process.pid}.part`;
  try {
    // Opened first: a stream that cannot open its file fails before anybody listens.
    const handle = await open(draft, 'w');
    const result = await write(handle.createWriteStream());
    await rename(draft, file);
    return result;
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw asFileError(cause, file, 'written');
  }
}

/** A stream into another one that stays open when this one ends, as standard output must. */
export function into(output: Writable): Writable {
  return new Writable({
    write(chunk, encoding, done) {
      if (output.write(chunk, encoding)) done();
      else output.once('drain', () => done());
    },
  });
}

/** System errors of a file that the user named are the user's to mend; all others stay what they are. */
function asFileError(cause: unknown, file: string, verb: 'read' | 'written'): unknown {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'it, or its folder, does not exist',
    ENOTDIR: 'a part of its path is no folder',
    EISDIR: 'it is a folder',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'the file system is read-only',
  };
  const reason = isSystemError(cause, ...Object.keys(reasons)) ? reasons[cause.code ?? ''] : undefined;
  return reason === undefined
    ? cause
    : new SealerError('PERMISSION', `${file} cannot be ${verb}: ${reason}`, { cause });
}
