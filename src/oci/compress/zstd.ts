/**
 * Deterministic zstd on several threads: each chunk is a frame of its own, with its own length and checksum, and frames
 * one after another are a zstd file (RFC 8878 §3.1).
 */

import { promisify } from 'node:util';
import { constants, zstdCompress } from 'node:zlib';
import type { ChunkCompressor } from './chunk-compressor.ts';

/** Starts a zstd file. `level` is 1 to 19: above, a decoder would need more than the 8 MiB window that all have. */
export function compressZstd(level: number): ChunkCompressor {
  const params = { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 };
  let isEmpty = true;
  return {
    header: NOTHING,
    compress(chunk) {
      isEmpty = false;
      return compress(chunk, {
        params,
        pledgedSrcSize: chunk.byteLength,
        // Room for the whole result, mostly: it else comes back to the main thread for every 16 KiB.
        chunkSize: (chunk.byteLength >> 1) + 4096,
      });
    },
    trailer: () => (isEmpty ? EMPTY_FRAME : NOTHING),
  };
}

const compress = promisify(zstdCompress);
const NOTHING = new Uint8Array(0);
/** Nothing at all is no zstd file, but a frame of nothing is. */
const EMPTY_FRAME = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x20, 0x00, 0x01, 0x00, 0x00);
