/**
 * Compression in chunks that know nothing of each other's timing: libuv's threads work on several at once, and the bytes
 * that come out depend on the bytes that went in alone, never on the clock or on the number of cores. Node's own
 * streams cannot promise that: `createZstdCompress` adds an empty frame depending on when it is written to
 * (nodejs/node#66078), and crashes with workers (nodejs/node#59899).
 */

import { compressGzip } from './gzip.ts';
import { compressZstd } from './zstd.ts';

/** One run of a compressor over one stream of chunks. */
export interface ChunkCompressor {
  /** What stands before the first chunk. */
  readonly header: Uint8Array;
  /**
   * Compresses the next chunk, beside those that are still being worked on. Call it in the order of the chunks; the
   * chunk must not change until the promise settles.
   */
  compress(chunk: Uint8Array): Promise<Uint8Array>;
  /** What stands after the last chunk. */
  trailer(): Uint8Array;
}

/** The level that each compression uses unless told otherwise. */
export const DEFAULT_LEVELS = {
  /** What `gzip` and `docker build` use; on two cores more than twice as fast as `gzip -6`. */
  gzip: 6,
  /** What `zstd` uses: smaller and five times as fast as gzip -6, but not every reader of images knows it. */
  zstd: 3,
} as const;

/**
 * Starts a compressor.
 * @param level gzip: 1 to 9; zstd: 1 to 19
 */
export function createCompressor(compression: 'gzip' | 'zstd', level?: number): ChunkCompressor {
  if (compression === 'gzip') return compressGzip(level ?? DEFAULT_LEVELS.gzip);
  return compressZstd(level ?? DEFAULT_LEVELS.zstd);
}
