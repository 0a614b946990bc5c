/** Tells archives from other files: ADD unpacks the one and copies the other. */

import { createReadStream } from 'node:fs';
import { SealerError } from '../../error.ts';
import { decompress, sniffCompression } from '../compress/decompress.ts';
import { BLOCK_BYTES } from './header.ts';
import { DEFAULT_LIMITS } from './limits.ts';

/** Whether a file is a tar archive that `unpackArchive` can unpack, plain or compressed with gzip or zstd. */
export async function isTarArchive(file: string): Promise<boolean> {
  const source = createReadStream(file);
  try {
    const { compression, stream } = await sniffCompression(source);
    return isHeader(await firstBlock(decompress(stream, compression, DEFAULT_LIMITS)));
  } catch (error) {
    if (error instanceof SealerError) return false;
    throw error;
  } finally {
    source.destroy();
  }
}

async function firstBlock(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  let head = Buffer.alloc(0);
  for await (const chunk of stream) {
    head = Buffer.concat([head, chunk]);
    if (head.byteLength >= BLOCK_BYTES) break;
  }
  return head.subarray(0, BLOCK_BYTES);
}

/** POSIX.1-1988: the sum of all bytes, with the checksum's own counted as spaces. */
function isHeader(block: Uint8Array): boolean {
  if (block.byteLength < BLOCK_BYTES) return false;
  let sum = 0;
  for (const [i, byte] of block.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte;
  const text = Buffer.from(block.subarray(148, 156))
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trim();
  return /^[0-7]+$/.test(text) && Number.parseInt(text, 8) === sum;
}
