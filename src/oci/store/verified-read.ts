/** Reading content with its digest checked as it goes by. */

import { type FileHandle, open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import { algorithmOf, createDigester, type Digest } from '../digest.ts';
import { contentOf, contentWithin, endOf, type Layout } from './envelope.ts';

/** A blob's file. */
export interface Location {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
}

/** Content in a file, with other bytes around and between it, perhaps. */
export interface Content extends Location {
  readonly layout: Layout;
}

const CHUNK = 256 * 1024;

/**
 * Opens a part of content for reading, unchecked.
 * @param start the first byte
 * @param end the byte after the last
 */
export async function readPart(content: Content, start: number, end: number): Promise<Readable> {
  return streamOf(await open(content.file, 'r'), content.layout, start, end, undefined);
}

/**
 * Opens content that must have a certain digest. The last chunk comes only if it has; else the stream fails
 * with DIGEST_MISMATCH, after `onMismatch`.
 */
export async function readVerified(
  { file, layout, size }: Content,
  digest: Digest,
  onMismatch: () => Promise<void>,
): Promise<Readable> {
  return streamOf(await open(file, 'r'), layout, 0, size, { digest, onMismatch });
}

interface Check {
  readonly digest: Digest;
  readonly onMismatch: () => Promise<void>;
}

function streamOf(handle: FileHandle, layout: Layout, start: number, end: number, check: Check | undefined): Readable {
  const digester = check === undefined ? undefined : createDigester(algorithmOf(check.digest));
  const last = endOf(layout, end);
  let done = start;

  /** The next chunks; none at the end. */
  async function next(): Promise<readonly Buffer[]> {
    const from = endOf(layout, done);
    const reach = Math.min(end, contentWithin(layout, Math.min(last, from + CHUNK)));
    const buffer = Buffer.allocUnsafeSlow(endOf(layout, reach) - from);
    const { bytesRead } = await handle.read(buffer, 0, buffer.byteLength, from);
    const chunks = [...contentOf(layout, done, buffer.subarray(0, bytesRead))];
    for (const chunk of chunks) {
      digester?.update(chunk);
      done += chunk.byteLength;
    }
    // A file that became shorter is as wrong as one with another content.
    if (done < end && bytesRead > 0) return chunks;
    if (check !== undefined && (done < end || digester?.digest() !== check.digest)) {
      await check.onMismatch();
      throw new SealerError('DIGEST_MISMATCH', `The content of ${check.digest} in the store was altered`, {
        hint: 'It was removed from the store; pull, load or build the image again.',
      });
    }
    return chunks;
  }

  return new Readable({
    highWaterMark: 2 * CHUNK,
    read() {
      next().then(
        (chunks) => {
          for (const chunk of chunks) this.push(chunk);
          if (done >= end || chunks.length === 0) this.push(null);
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
