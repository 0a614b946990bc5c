/** Looking at the beginning of a stream without taking it away. */

import { Readable } from 'node:stream';

/** @returns at least `count` bytes (fewer if the stream is shorter), and the stream with them still in it */
export async function withBeginning(
  source: Readable,
  count: number,
): Promise<{ readonly beginning: Buffer; readonly stream: Readable }> {
  const chunks = source[Symbol.asyncIterator]();
  let beginning: Buffer = Buffer.alloc(0);
  while (beginning.byteLength < count) {
    const next = await chunks.next();
    if (next.done) break;
    beginning = Buffer.concat([beginning, next.value]);
  }
  async function* whole(): AsyncGenerator<Buffer> {
    if (beginning.byteLength > 0) yield beginning;
    yield* { [Symbol.asyncIterator]: () => chunks };
  }
  return { beginning, stream: Readable.from(whole(), { objectMode: false }) };
}
