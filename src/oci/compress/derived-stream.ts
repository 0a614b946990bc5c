/** Streams that are made of another stream, and let go of it however they end. */

import { addAbortListener } from 'node:events';
import { Readable } from 'node:stream';

/**
 * A stream of what a generator makes of a source. `Readable.from` alone leaves the source open when the stream is
 * destroyed before it was read, and waits forever when it is destroyed while the source stalls.
 * @param chunks reads `source`
 */
export function deriveStream(source: Readable, chunks: AsyncGenerator<Uint8Array>): Readable {
  return new Readable({
    highWaterMark: CHUNK_BYTES,
    read() {
      chunks.next().then(
        ({ done, value }) => this.push(done === true ? null : value),
        (error) => this.destroy(error),
      );
    },
    destroy(error, done) {
      // Ends what the generator waits for. Without the error: nobody may listen to the source.
      source.destroy();
      chunks.return(undefined).catch(() => {});
      done(error);
    },
  });
}

/** The same stream, which fails with the signal's reason when that is aborted, even while nothing comes. */
export function stopWith(stream: Readable, signal: AbortSignal | undefined): Readable {
  if (signal === undefined) return stream;
  const listening = addAbortListener(signal, () => stream.destroy(asError(signal.reason)));
  stream.once('close', () => listening[Symbol.dispose]());
  // Who reads it is told, now or later; a stream that waits for its turn must not end the process.
  stream.on('error', () => {});
  return stream;
}

/** Large pieces: each costs a round trip between threads. */
export const CHUNK_BYTES = 256 * 1024;

function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}
