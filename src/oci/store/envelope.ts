/**
 * Content inside something else: a file that begins with some bytes, has the content in blocks of one size with a few
 * bytes between them, and ends with some more. What those bytes are is the business of who makes the envelope; where the
 * content lies is told by numbers alone.
 */

/** What stands around content in its file. It is made anew for each attempt and used once, in order. */
export interface Envelope {
  readonly layout: Layout;
  /** What stands before the content, `layout.offset` bytes. */
  start(): Iterable<Piece>;
  /** The next chunk of content with what stands between blocks; the pieces may share the chunk's memory. */
  wrap(chunk: Uint8Array): Iterable<Piece>;
  /** What stands after the content. */
  end(): Iterable<Piece>;
}

/** A part of a file. Without its frames, as a decompressor takes them away, the file is another one. */
export interface Piece {
  readonly bytes: Uint8Array;
  readonly isFrame: boolean;
}

/** Where content lies in a file: its byte `n` is at `offset + n + header * floor(n / block)`. */
export interface Layout {
  readonly offset: number;
  /** Bytes of content between one header and the next. */
  readonly block: number;
  /** Bytes in front of each block but the first. */
  readonly header: number;
}

/** Content that is the whole file. */
export const PLAIN: Layout = { offset: 0, block: Infinity, header: 0 };

/** Where the first `count` bytes of content end in the file. */
export function endOf({ offset, block, header }: Layout, count: number): number {
  return count === 0 ? offset : offset + count + header * Math.floor((count - 1) / block);
}

/** How many bytes of content lie in the first `bytes` of the file. */
export function contentWithin({ offset, block, header }: Layout, bytes: number): number {
  const after = bytes - offset;
  if (after <= 0 || block === Infinity) return Math.max(0, after);
  const whole = Math.floor(after / (block + header));
  return whole * block + Math.min(block, after - whole * (block + header));
}

/**
 * The content in a part of the file, without copying it.
 * @param at how many bytes of content come before the part, which begins where they end
 */
export function* contentOf({ block, header }: Layout, at: number, part: Buffer): Generator<Buffer> {
  let position = at;
  for (let from = 0; from < part.byteLength; ) {
    if (position > 0 && position % block === 0) from += header;
    const to = Math.min(part.byteLength, from + block - (position % block));
    if (to > from) yield part.subarray(from, to);
    position += to - from;
    from = to;
  }
}
