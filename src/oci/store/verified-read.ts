/** Reading content with its digest checked as it goes by. */

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import { algorithmOf, createDigester, type Digest } from '../digest.ts';

/** A stretch of a file. */
export interface Location {
  readonly file: string;
  /** Bytes. */
  readonly offset: number;
  readonly size: number;
}

const CHUNK = 256 * 1024;

/** Opens a stretch of a file for reading, unchecked. */
export async function readStretch(location: Location): Promise<Readable> {
  return streamOf(await open(location.file, 'r'), location, undefined);
}

/**
 * Opens a stretch of a file that must have a certain digest. The last chunk comes only if it has; else the stream fails
 * with DIGEST_MISMATCH, after `onMismatch`.
 */
export async function readVerified(
  location: Location,
  digest: Digest,
  onMismatch: () => Promise<void>,
): Promise<Readable> {
  return streamOf(await open(location.file, 'r'), location, { digest, onMismatch });
}

interface Check {
  readonly digest: Digest;
  readonly onMismatch: () => Promise<void>;
}

function streamOf(handle: FileHandle, { offset, size }: Location, check: Check | undefined): Readable {
  const digester = check === undefined ? undefined : createDigester(algorithmOf(check.digest));
  let done = 0;

  async function next(): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(Math.min(CHUNK, size - done));
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, offset + done);
    const chunk = buffer.subarray(0, bytesRead);
    digester?.update(chunk);
    done += bytesRead;
    // A file that became shorter is as wrong as one with another content.
    if (done < size && bytesRead > 0) return chunk;
    if (check !== undefined && (done < size || digester?.digest() !== check.digest)) {
      await check.onMismatch();
      throw new SealerError('DIGEST_MISMATCH', `The content of ${check.digest} in the store was altered`, {
        hint: 'It was removed from the store; pull, load or build the image again.',
      });
    }
    return chunk;
  }

  return new Readable({
    highWaterMark: 2 * CHUNK,
    read() {
      next().then(
        (chunk) => {
          if (chunk.byteLength > 0) this.push(chunk);
          if (done >= size || chunk.byteLength === 0) this.push(null);
        },
        (error) => this.destroy(error),
      );
    },
    destroy(error, callback) {
      handle.close().then(
        () => callback(error),
        (failed) => callback(error ?? failed),
      );
    },
  });
}
