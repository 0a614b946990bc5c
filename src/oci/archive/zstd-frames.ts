/**
 * Cutting a zstd stream between its frames.
 *
 * The decompression stream of Node.js (24.21) drops, in silence, what follows the end of a frame in the same chunk; so a
 * stream of several frames, as parallel compressors write it, comes out short. Chunks that end where frames end make it
 * go on with the next frame. Frames are followed by their headers alone (RFC 8878, 3.1).
 */

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** A stream that is not made of zstd frames, or ends within one. */
export class BadFrames extends Error {
  override readonly name = 'BadFrames';
}

/**
 * The same bytes, in chunks that never go beyond the end of a frame.
 * @throws BadFrames
 */
export async function* cutFrames(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const follower = new FrameFollower();
  for await (const chunk of source) {
    for (let rest = chunk; rest.byteLength > 0; ) {
      const count = follower.follow(rest);
      yield rest.subarray(0, count);
      rest = rest.subarray(count);
    }
  }
  if (!follower.isBetweenFrames) throw new BadFrames('The stream ends within a frame');
}

type Part = 'magic' | 'skippable size' | 'descriptor' | 'header' | 'block header' | 'block' | 'last block' | 'tail';

class FrameFollower {
  /** What comes next, and how long it is. Of headers the bytes are gathered, the rest is only counted. */
  #part: Part = 'magic';
  #missing = 4;
  #gathered: number[] = [];
  #hasChecksum = false;

  get isBetweenFrames(): boolean {
    return this.#part === 'magic' && this.#missing === 4;
  }

  /** Follows the stream through a chunk. Answers how much of it belongs to the current frame: all, or up to its end. */
  follow(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.byteLength) {
      const taken = Math.min(this.#missing, chunk.byteLength - at);
      if (this.#isHeader()) this.#gathered.push(...chunk.subarray(at, at + taken));
      at += taken;
      this.#missing -= taken;
      if (this.#missing > 0) break;
      if (this.#advance()) return at;
    }
    return at;
  }

  #isHeader(): boolean {
    return ['magic', 'skippable size', 'descriptor', 'block header'].includes(this.#part);
  }

  /** Goes on to the next part that has a length. Answers whether the frame ended. */
  #advance(): boolean {
    do {
      if (this.#next()) {
        this.#expect('magic', 4);
        return true;
      }
    } while (this.#missing === 0);
    return false;
  }

  /** Reads the part that is complete. Answers whether the frame ended with it. */
  #next(): boolean {
    const value = this.#gathered.reduceRight((sum, byte) => sum * 256 + byte, 0);
    this.#gathered = [];
    switch (this.#part) {
      case 'magic':
        if (value === FRAME_MAGIC) this.#expect('descriptor', 1);
        else if (value - (value % 16) === SKIPPABLE_MAGIC) this.#expect('skippable size', 4);
        else throw new BadFrames('There is something else than a frame');
        return false;
      case 'skippable size':
        this.#expect('tail', value);
        return false;
      case 'descriptor':
        this.#hasChecksum = (value & 4) !== 0;
        this.#expect('header', headerLength(value));
        return false;
      case 'header':
      case 'block':
        this.#expect('block header', 3);
        return false;
      case 'block header':
        this.#expectBlock(value);
        return false;
      case 'last block':
        this.#expect('tail', this.#hasChecksum ? 4 : 0);
        return false;
      case 'tail':
        return true;
    }
  }

  #expectBlock(header: number): void {
    const isRunLength = ((header >> 1) & 3) === 1;
    this.#expect((header & 1) === 1 ? 'last block' : 'block', isRunLength ? 1 : header >> 3);
  }

  #expect(part: Part, length: number): void {
    this.#part = part;
    this.#missing = length;
  }
}

/** The length of a frame's header after its descriptor (RFC 8878, 3.1.1.1). */
function headerLength(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const window = isSingleSegment ? 0 : 1;
  const dictionary = [0, 1, 2, 4][descriptor & 3] ?? 0;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
  return window + dictionary + contentSize;
}
