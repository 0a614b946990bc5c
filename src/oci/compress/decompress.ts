/** Decompression of content that may be hostile: a bomb, cut off, or followed by something else. */

import { pipeline, type Readable } from 'node:stream';
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { isSystemError, SealerError } from '../../error.ts';
import { type Compression, detectCompression, MAGIC_BYTES } from './compression.ts';
import { CHUNK_BYTES, deriveStream, stopWith } from './derived-stream.ts';
import { splitFrames } from './zstd-frames.ts';

/** How far decompression may go. */
export interface DecompressLimits {
  /** Bytes that may come out at most. */
  readonly maxBytes: number;
  /** How many times its size content may grow to; content of up to 1 GiB may grow by anything. */
  readonly maxRatio: number;
}

/**
 * A stream of what is in the compressed stream. Several gzip members or zstd frames after another are one content. The
 * source is always read to its end, so that a source that checks its digest does so; it is destroyed with the stream.
 *
 * Errors of the stream: CORRUPT_ARCHIVE when the data is damaged or cut off, ARCHIVE_TOO_LARGE beyond the limits, the
 * reason of the signal, and whatever the source fails with.
 */
export function decompress(
  source: Readable,
  compression: Compression,
  limits: DecompressLimits,
  signal?: AbortSignal,
): Readable {
  if (compression === 'none') return stopWith(source, signal);
  return stopWith(deriveStream(source, decompressed(source, compression, limits)), signal);
}

/**
 * Looks at the start of a stream to tell its compression.
 * @returns the compression and a stream of all the content, its start included; the source is destroyed with it
 * @throws SealerError CORRUPT_ARCHIVE for compressions that are not supported
 */
export async function sniffCompression(source: Readable): Promise<{ compression: Compression; stream: Readable }> {
  const chunks: AsyncIterator<Uint8Array> = source[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  while (head.byteLength < MAGIC_BYTES) {
    const next = await chunks.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  try {
    return { compression: detectCompression(head), stream: deriveStream(source, startingWith(head, chunks)) };
  } catch (error) {
    source.destroy();
    throw error;
  }
}

const FREE_BYTES = 1024 ** 3;

async function* decompressed(
  source: Readable,
  compression: 'gzip' | 'zstd',
  limits: DecompressLimits,
): AsyncGenerator<Uint8Array> {
  const decoder = startDecoder(source, compression);
  let total = 0;
  try {
    for await (const chunk of decoder as AsyncIterable<Uint8Array>) {
      total += chunk.byteLength;
      checkLimits(total, decoder.bytesWritten, limits);
      yield chunk;
    }
  } catch (error) {
    throw describeFailure(error, compression);
  } finally {
    decoder.destroy();
  }
}

/** What goes wrong in the source destroys the decoder with the same error, and is thrown where that is read. */
function startDecoder(source: Readable, compression: 'gzip' | 'zstd'): Gunzip | ZstdDecompress {
  const options = { chunkSize: CHUNK_BYTES };
  if (compression === 'gzip') return pipeline(source, createGunzip(options), () => {});
  return pipeline(source, splitFrames, createZstdDecompress(options), () => {});
}

function checkLimits(out: number, into: number, { maxBytes, maxRatio }: DecompressLimits): void {
  if (out > maxBytes) {
    throw new SealerError('ARCHIVE_TOO_LARGE', `The archive unpacks to more than ${maxBytes} bytes`);
  }
  // A bomb: a few kilobytes that decompress to terabytes of zeros, to fill the disk.
  if (out > FREE_BYTES && out > into * maxRatio) {
    throw new SealerError('ARCHIVE_TOO_LARGE', `The archive unpacks to more than ${maxRatio} times its size`);
  }
}

function describeFailure(error: unknown, compression: Compression): unknown {
  if (!(error instanceof Error) || !('code' in error) || typeof error.code !== 'string') return error;
  if (isSystemError(error, 'Z_BUF_ERROR')) {
    return new SealerError('CORRUPT_ARCHIVE', `The ${compression} data is cut off`, { cause: error });
  }
  if (!/^(Z|ZSTD)_/.test(error.code)) return error;
  return new SealerError('CORRUPT_ARCHIVE', `The ${compression} data is damaged: ${error.message}`, { cause: error });
}

async function* startingWith(head: Uint8Array, rest: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.byteLength > 0) yield head;
  for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
}
