/**
 * The tar writer. It is synchronous on purpose: what packing many small files costs is the round trip of each
 * asynchronous call. `npm run bench -- --only pack` times it, with hashing and compression, beside GNU tar.
 */

import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isSystemError, SealerError } from '../../error.ts';
import type { TarEntry } from './entry.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from './header.ts';

/**
 * The bytes of an archive in chunks of one size (the last is shorter), whatever the sizes of the files: where a chunk
 * ends depends on the content alone.
 * @param entries sorted; the archive has them in this order
 * @param borrow gives memory of the chunks' size to fill; it is not touched again once its chunk is out
 * @throws SealerError SOURCE_CHANGED when a file is no longer what its entry says, CANNOT_PACK
 */
export function* writeTar(entries: Iterable<TarEntry>, borrow: () => Buffer): Generator<Buffer, void, undefined> {
  let chunk = borrow();
  let used = 0;

  /** Copies bytes in, as many chunks as it takes. */
  function* put(bytes: Uint8Array): Generator<Buffer, void, undefined> {
    for (let done = 0; done < bytes.byteLength; ) {
      const part = bytes.subarray(done, done + chunk.byteLength - used);
      chunk.set(part, used);
      used += part.byteLength;
      done += part.byteLength;
      if (used === chunk.byteLength) yield* turn();
    }
  }

  function* turn(): Generator<Buffer, void, undefined> {
    yield chunk.subarray(0, used);
    chunk = borrow();
    used = 0;
  }

  /** Reads a file's bytes straight to where they belong. */
  function* putFile(file: string, size: number): Generator<Buffer, void, undefined> {
    const descriptor = openFile(file);
    try {
      let left = size;
      while (left > 0) {
        const read = readSync(descriptor, chunk, used, Math.min(left, chunk.byteLength - used), null);
        if (read === 0) throw changed(file);
        used += read;
        left -= read;
        if (used === chunk.byteLength) yield* turn();
      }
      if (fstatSync(descriptor).size !== size) throw changed(file);
    } finally {
      closeSync(descriptor);
    }
  }

  for (const entry of entries) {
    yield* put(encodeHeader(entry));
    if (entry.size === 0) continue;
    const { content } = entry;
    if (content === undefined) throw new Error(`${entry.path} has a size but no content`);
    if ('file' in content) {
      yield* putFile(content.file, entry.size);
    } else {
      if (content.bytes.byteLength !== entry.size) throw new Error(`${entry.path} has content of another size`);
      yield* put(content.bytes);
    }
    yield* put(paddingOf(entry.size));
  }
  yield* put(END_OF_ARCHIVE);
  if (used > 0) yield chunk.subarray(0, used);
}

/**
 * What was a file when it was listed could be something else by now: a symlink to the outside (O_NOFOLLOW), or a pipe
 * that nobody writes to (O_NONBLOCK).
 */
function openFile(file: string): number {
  try {
    return openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isSystemError(error, 'ENOENT', 'ELOOP', 'ENOTDIR')) throw changed(file, error);
    if (isSystemError(error, 'EACCES', 'EPERM')) {
      throw new SealerError('PERMISSION', `${file} cannot be read`, { hint: 'Make it readable, or leave it out.' });
    }
    throw error;
  }
}

function changed(file: string, cause?: unknown): SealerError {
  return new SealerError('SOURCE_CHANGED', `${file} changed while it was being packed`, {
    hint: 'Wait until nothing writes to it any more, and try again.',
    cause,
  });
}
