/**
 * Finds where zstd frames end (RFC 8878 §3.1.1). Node's decoder forgets what follows a frame in the same write: of a
 * file of several frames it silently returns a part. So no write may have more than one frame in it.
 */

/** The same bytes in pieces that never have bytes of two frames in them. */
export async function* splitFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  const walk = walkFrames();
  let step = walk.next().value;
  let taken = Buffer.alloc(0);
  for await (const chunk of source) {
    let start = 0;
    for (let at = 0; at < chunk.byteLength; ) {
      const wanted = chunk.subarray(at, at + step.bytes - (step.isRead ? taken.byteLength : 0));
      at += wanted.byteLength;
      if (step.isRead) taken = Buffer.concat([taken, wanted]);
      else step = { ...step, bytes: step.bytes - wanted.byteLength };
      // A step of no bytes at all (a block without content) is over before it began.
      while (step.isRead ? taken.byteLength === step.bytes : step.bytes === 0) {
        if (step.isEnd && at > start) {
          yield chunk.subarray(start, at);
          start = at;
        }
        step = walk.next(taken).value;
        taken = Buffer.alloc(0);
      }
    }
    if (start < chunk.byteLength) yield chunk.subarray(start);
  }
}

/** So many bytes, to be read or passed over; whether a frame is over after them. */
interface Step {
  readonly bytes: number;
  readonly isRead: boolean;
  readonly isEnd: boolean;
}

const read = (bytes: number): Step => ({ bytes, isRead: true, isEnd: false });
const pass = (bytes: number, isEnd: boolean): Step => ({ bytes, isRead: false, isEnd });

/** The parts of a file, frame after frame. Damage is left to the decoder to find. */
function* walkFrames(): Generator<Step, never, Buffer> {
  for (;;) {
    const magic = (yield read(4)).readUInt32LE();
    if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4) {
      yield pass((yield read(4)).readUInt32LE(), true);
    } else if (magic === FRAME_MAGIC) {
      const descriptor = (yield read(1)).readUInt8();
      yield pass(headerBytes(descriptor), false);
      const hasChecksum = (descriptor & 0x04) !== 0;
      for (let isLast = false; !isLast; ) {
        const block = (yield read(3)).readUIntLE(0, 3);
        isLast = (block & 1) === 1;
        // Type 1 (RLE) is one byte, to be repeated; its size is what it becomes.
        const size = ((block >>> 1) & 3) === 1 ? 1 : block >>> 3;
        yield pass(size, isLast && !hasChecksum);
      }
      if (hasChecksum) yield pass(4, true);
    } else {
      for (;;) yield pass(Number.MAX_SAFE_INTEGER, false);
    }
  }
}

const FRAME_MAGIC = 0xfd2fb528;
const SKIPPABLE_MAGIC = 0x184d2a50;

/** What the frame header has after its descriptor: window, dictionary and content size (RFC 8878 §3.1.1.1). */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0;
  const dictionary = [0, 1, 2, 4][descriptor & 0x03] ?? 0;
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] ?? 0;
  return (isSingleSegment ? 0 : 1) + dictionary + contentSize;
}
