/**
 * gzip that compresses nothing: a member of stored blocks (RFC 1951 §3.2.4), for content that is compressed already.
 *
 * The blocks begin where the sizes say, never where a chunk happens to end, and no zlib has a say in it: the bytes
 * depend on the content alone, the size is known before the first of them, and any byte of the content can be found. It
 * costs 5 bytes in 65535, and a checksum.
 */

import { crc32 } from 'node:zlib';
import { GZIP_HEADER } from './gzip.ts';

/** The parts of what will be a gzip member. Head and tail are up to 65535 bytes. */
export interface StoredParts {
  /** What stands before the content, in a block of its own. */
  readonly head?: Uint8Array | undefined;
  /** The size of the content in bytes. */
  readonly size: number;
  /** What stands after it, in the last block. */
  readonly tail?: Uint8Array | undefined;
}

/** A part of the member: of what is stored in it, or of the frames around that. */
export interface GzipPiece {
  readonly bytes: Uint8Array;
  readonly isFrame: boolean;
}

/** A gzip member being written: once `start`, then `wrap` for all of the content, then `end`. */
export interface StoredGzip {
  /** Of the whole member, in bytes. */
  readonly size: number;
  /** Byte `n` of the content is at `offset + n + header * floor(n / block)` of the member. */
  readonly layout: { readonly offset: number; readonly block: number; readonly header: number };
  start(): readonly GzipPiece[];
  /** The next chunk of content, however large, with the headers of the blocks that begin in it; it is not copied. */
  wrap(chunk: Uint8Array): Generator<GzipPiece>;
  end(): readonly GzipPiece[];
}

/** Starts a gzip member. */
export function storeAsGzip({ head = NOTHING, size, tail = NOTHING }: StoredParts): StoredGzip {
  // The first block's header belongs to the start, so that the content begins right after it.
  const start = [
    frame(GZIP_HEADER),
    ...(head.byteLength === 0 ? [] : [blockHeader(head.byteLength), stored(head)]),
    blockHeader(Math.min(size, MAX_BLOCK)),
  ];
  const offset = start.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  const laterBlocks = Math.max(0, Math.ceil(size / MAX_BLOCK) - 1);
  let checksum = crc32(head);
  let position = 0;

  function* wrap(chunk: Uint8Array): Generator<GzipPiece> {
    checksum = crc32(chunk, checksum);
    for (let from = 0; from < chunk.byteLength; ) {
      if (position > 0 && position % MAX_BLOCK === 0) yield blockHeader(Math.min(size - position, MAX_BLOCK));
      const to = Math.min(chunk.byteLength, from + MAX_BLOCK - (position % MAX_BLOCK));
      yield stored(chunk.subarray(from, to));
      position += to - from;
      from = to;
    }
  }

  return {
    size: offset + size + (laterBlocks + 1) * BLOCK_HEADER + tail.byteLength + TRAILER,
    layout: { offset, block: MAX_BLOCK, header: BLOCK_HEADER },
    start: () => start,
    wrap,
    end() {
      if (position !== size) throw new Error(`${position} bytes were stored where ${size} were announced`);
      const trailer = Buffer.alloc(TRAILER);
      trailer.writeUInt32LE(crc32(tail, checksum), 0);
      trailer.writeUInt32LE((head.byteLength + size + tail.byteLength) % 2 ** 32, 4);
      return [blockHeader(tail.byteLength, LAST), stored(tail), frame(trailer)];
    },
  };
}

const NOTHING = new Uint8Array(0);
const MAX_BLOCK = 0xffff;
const BLOCK_HEADER = 5;
/** RFC 1952 §2.3.1: CRC-32 and size modulo 2^32. */
const TRAILER = 8;

/** BFINAL is the lowest bit; BTYPE 00 and the padding to a byte boundary are the others. */
const LAST = 1;

/** BFINAL and BTYPE, LEN, and LEN's complement (RFC 1951 §3.2.4). */
function blockHeader(length: number, flags = 0): GzipPiece {
  const header = Buffer.alloc(BLOCK_HEADER);
  header.writeUInt8(flags, 0);
  header.writeUInt16LE(length, 1);
  header.writeUInt16LE(length ^ 0xffff, 3);
  return frame(header);
}

function frame(bytes: Uint8Array): GzipPiece {
  return { bytes, isFrame: true };
}

function stored(bytes: Uint8Array): GzipPiece {
  return { bytes, isFrame: false };
}
