/** Telling compressed streams by their first bytes, and undoing the compression. */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { BadFrames, cutFrames } from './zstd-frames.ts';

export type Compression = 'none' | 'gzip' | 'zstd' | 'xz' | 'bzip2';

/** How many bytes `sniffCompression` wants to see. */
export const MAGIC_BYTES = 6;

const MAGICS: readonly (readonly [Compression, readonly number[]])[] = [
  ['gzip', [0x1f, 0x8b]], // RFC 1952
  ['zstd', [0x28, 0xb5, 0x2f, 0xfd]], // RFC 8878
  ['xz', [0xfd, 0x37, 0x7a, 0x58, 0x5a]],
  ['bzip2', [0x42, 0x5a, 0x68]],
];

/** The compression that a stream with this beginning has. */
export function sniffCompression(beginning: Uint8Array): Compression {
  return MAGICS.find(([, magic]) => magic.every((byte, i) => beginning[i] === byte))?.[0] ?? 'none';
}

/** A failure of the compressed format itself, as against one of the stream that it came from. */
export class BadCompression extends Error {
  override readonly name = 'BadCompression';
}

/**
 * Undoes gzip or zstd.
 * @throws BadCompression; errors of `source` as they are
 */
export async function* decompress(
  source: Readable,
  compression: 'none' | 'gzip' | 'zstd',
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  if (compression === 'none') return yield* source;
  const isGzip = compression === 'gzip';
  const decoder = isGzip ? createGunzip({ chunkSize: CHUNK }) : createZstdDecompress({ chunkSize: CHUNK });
  const input = isGzip ? source : Readable.from(cutFrames(source), { objectMode: false });
  let failure: { readonly error: unknown } | undefined;
  const feeding = pipeline(input, decoder, signal === undefined ? {} : { signal }).catch((error) => {
    failure = { error };
  });
  try {
    yield* decoder;
  } catch (error) {
    await feeding;
    const { error: reason } = failure ?? { error };
    throw isDecoderError(reason)
      ? new BadCompression(`The ${compression} stream is damaged or cut off`, { cause: reason })
      : reason;
  } finally {
    source.destroy();
    decoder.destroy();
  }
}

const CHUNK = 256 * 1024;

function isDecoderError(error: unknown): boolean {
  if (error instanceof BadFrames) return true;
  return error instanceof Error && 'code' in error && /^(Z_|ZSTD_|ERR_ZLIB)/.test(String(error.code));
}
