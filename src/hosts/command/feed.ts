/** What a process reads: its head, then a source of any length, as fast as the process takes it. */

import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';

export type Input = string | Uint8Array | Readable | undefined;

export interface FeedOptions {
  readonly source: Input;
  /** Aborted when nobody reads any more; the rest is then left. */
  readonly isOver: AbortSignal;
  readonly onBytes?: ((bytes: number) => void) | undefined;
}

/** A string or a chunk of a source goes out in pieces of this size, so that counting is fine enough to be shown. */
const PIECE = 256 * 1024;

/**
 * Writes all of it and closes the input.
 * @throws what reading the source threw; the input is then left open, because its end would look like that of the source
 */
export async function feed(stdin: Writable, head: string, { source, isOver, onBytes }: FeedOptions): Promise<void> {
  // Who does not read what we say to it has its reasons; its exit code tells.
  stdin.on('error', () => {});
  if (isOver.aborted) return;
  stdin.write(head);
  if (source instanceof Readable) {
    // Its end is not ours to wait for when nobody reads any more.
    const stop = (): void => void source.destroy();
    isOver.addEventListener('abort', stop, { once: true });
    try {
      for await (const chunk of source) if (!(await send(chunk))) return;
    } catch (error) {
      if (isOver.aborted) return;
      throw error;
    } finally {
      isOver.removeEventListener('abort', stop);
    }
  } else if (source !== undefined) {
    if (!(await send(source))) return;
  }
  stdin.end();

  /** @returns false when nobody reads any more */
  async function send(content: string | Uint8Array): Promise<boolean> {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    for (let at = 0; at < bytes.byteLength; at += PIECE) {
      if (isOver.aborted) return false;
      const piece = bytes.subarray(at, at + PIECE);
      const hasRoom = stdin.write(piece);
      onBytes?.(piece.byteLength);
      if (!hasRoom && !(await untilDrained(stdin, isOver))) return false;
    }
    return true;
  }
}

async function untilDrained(stdin: Writable, isOver: AbortSignal): Promise<boolean> {
  try {
    await once(stdin, 'drain', { signal: isOver });
    return true;
  } catch {
    // An error of the input, or its end: the process does not read it to the end.
    return false;
  }
}
