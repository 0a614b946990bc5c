/**
 * Deterministic gzip on several threads, as pigz does it (RFC 1951, RFC 1952): each chunk becomes deflate blocks that
 * end on a byte boundary (Z_SYNC_FLUSH) and may look back into the 32 KiB before the chunk, so together they are one
 * ordinary deflate stream in one gzip member.
 */

import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import type { ChunkCompressor } from './chunk-compressor.ts';

/** RFC 1952 §2.3: deflate, no flags, mtime 0 and OS 255 (unknown), so that time and machine leave no trace. */
export const GZIP_HEADER: Uint8Array = Uint8Array.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);

/** Starts a gzip member. `level` is zlib's, 1 to 9. */
export function compressGzip(level: number): ChunkCompressor {
  let checksum = 0;
  let length = 0;
  let window: Uint8Array = new Uint8Array(0);
  return {
    header: GZIP_HEADER,
    compress(chunk) {
      checksum = crc32(chunk, checksum);
      length += chunk.byteLength;
      const dictionary = window;
      // A copy: the caller uses the chunk's memory again as soon as this chunk is done, and the next needs its end.
      window = Uint8Array.from(chunk.subarray(-WINDOW_BYTES));
      return deflate(chunk, {
        level,
        memLevel: 9,
        finishFlush: constants.Z_SYNC_FLUSH,
        // Room for the whole result, mostly: zlib else comes back to the main thread for every 16 KiB.
        chunkSize: (chunk.byteLength >> 1) + 4096,
        ...(dictionary.byteLength === 0 ? {} : { dictionary }),
      });
    },
    trailer() {
      const end = Buffer.alloc(END_BLOCK.byteLength + 8);
      end.set(END_BLOCK);
      end.writeUInt32LE(checksum, END_BLOCK.byteLength);
      end.writeUInt32LE(length % 2 ** 32, END_BLOCK.byteLength + 4);
      return end;
    },
  };
}

const deflate = promisify(deflateRaw) as (
  chunk: Uint8Array,
  options: Parameters<typeof deflateRaw>[1],
) => Promise<Uint8Array>;

const WINDOW_BYTES = 32 * 1024;

/** RFC 1951 §3.2.6: an empty last block with fixed codes; a sync flush never ends the stream itself. */
const END_BLOCK = Uint8Array.of(0x03, 0x00);
