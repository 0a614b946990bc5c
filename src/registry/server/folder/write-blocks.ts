/** Appending a body to a file: the hot path of every push. */

import type { FileHandle } from 'node:fs/promises';
import type { BufferPool } from '../buffer-pool.ts';

export interface WriteListener {
  /** Told a block as it goes to the disk, to hash it meanwhile. */
  sending(block: Uint8Array): void;
  /** Told how many bytes are in the file by now. */
  written(bytes: number): void;
}

/**
 * Writes a body to a file in blocks: one fills while the other is on its way to the disk. What arrived before the body
 * breaks off is written, then the failure is thrown.
 * @param position where in the file to begin, in bytes
 */
export async function writeBlocks(
  file: FileHandle,
  position: number,
  body: AsyncIterable<Uint8Array>,
  pool: BufferPool,
  listener: WriteListener,
): Promise<void> {
  const blocks: [Buffer, Buffer] = [pool.take(), pool.take()];
  let filled = 0;
  let at = position;
  let pending: Promise<void> = Promise.resolve();

  const send = async () => {
    await pending;
    const block = blocks[0].subarray(0, filled);
    pending = writeAll(file, block, at).then(() => listener.written(block.length));
    // Whoever awaits next gets the failure; until then nobody may.
    pending.catch(() => {});
    listener.sending(block);
    at += filled;
    filled = 0;
    blocks.reverse();
  };

  try {
    for await (const chunk of body) {
      for (let taken = 0; taken < chunk.length; ) {
        const part = chunk.subarray(taken, taken + blocks[0].length - filled);
        blocks[0].set(part, filled);
        filled += part.length;
        taken += part.length;
        if (filled === blocks[0].length) await send();
      }
    }
  } finally {
    try {
      await send();
      await pending;
    } finally {
      // After a failed write nothing is under way any more: send() waits for the one before.
      for (const block of blocks) pool.release(block);
    }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}
