/**
 * Writing small chunks to a file in large blocks: one block fills while the other is on its way to the disk, in the
 * thread pool, so that the thread that hashes does not wait for it.
 */

import type { FileHandle } from 'node:fs/promises';

/** 64 KiB chunks written one by one cost a third more than blocks of 1 MiB; larger ones gain nothing. */
const BLOCK = 1024 * 1024;
/** Blocks of one file that are on their way at once. */
const MAX_PENDING = 3;

/**
 * Blocks are used again: memory of this size is otherwise returned only by a full garbage collection. They are shared,
 * so that another thread can hash them without a copy.
 */
const spare: Buffer<SharedArrayBuffer>[] = [];
const MAX_SPARE = 16;

/** Looks at a block, in order; the block changes again when both the promise, if any, and the write are done. */
export type OnBlock = (block: Uint8Array) => Promise<void> | undefined;

export class BlockWriter {
  readonly #handle: FileHandle;
  readonly #onBlock: OnBlock | undefined;
  #position: number;
  #block: Buffer<SharedArrayBuffer> | undefined;
  #filled = 0;
  /** Blocks on their way, the oldest first. */
  readonly #pending: Promise<void>[] = [];
  #waiting = false;

  /**
   * @param position where in the file to begin, in bytes
   * @param onBlock sees each block on its way to the file
   */
  constructor(handle: FileHandle, position: number, onBlock?: OnBlock) {
    this.#handle = handle;
    this.#onBlock = onBlock;
    this.#position = position;
  }

  /**
   * Takes a chunk; it may be used again once this returns or the promise resolves. An error of the disk may come with a
   * later call.
   */
  write(chunk: Uint8Array): Promise<void> | undefined {
    if (this.#waiting) throw new Error('A chunk was written before the one before it was taken');
    const rest = this.#take(chunk);
    return this.#filled < BLOCK ? undefined : this.#spill(rest);
  }

  /** Brings everything to the file. */
  async flush(): Promise<void> {
    this.#send();
    await Promise.all(this.#pending.splice(0));
  }

  /** Waits for what is under way, whatever comes of it, and gives the memory back. */
  async settle(): Promise<void> {
    await Promise.allSettled(this.#pending.splice(0));
    recycle(this.#block);
    this.#block = undefined;
  }

  async #spill(chunk: Uint8Array): Promise<void> {
    this.#waiting = true;
    try {
      for (let rest = chunk; this.#filled === BLOCK; rest = this.#take(rest)) {
        if (this.#pending.length >= MAX_PENDING) await this.#pending.shift();
        this.#send();
      }
    } finally {
      this.#waiting = false;
    }
  }

  /** Copies as much of a chunk as the block has room for, and returns the rest. */
  #take(chunk: Uint8Array): Uint8Array {
    if (chunk.byteLength === 0) return chunk;
    this.#block ??= spare.pop() ?? Buffer.from(new SharedArrayBuffer(BLOCK));
    const taken = Math.min(chunk.byteLength, BLOCK - this.#filled);
    this.#block.set(taken === chunk.byteLength ? chunk : chunk.subarray(0, taken), this.#filled);
    this.#filled += taken;
    return chunk.subarray(taken);
  }

  #send(): void {
    const block = this.#block;
    if (block === undefined || this.#filled === 0) return;
    const seen = this.#onBlock?.(block.subarray(0, this.#filled));
    const pending = this.#put(block, this.#filled, this.#position, seen);
    // Who waits for it gets the error; nobody may do so for a while.
    pending.catch(() => {});
    this.#pending.push(pending);
    this.#position += this.#filled;
    this.#block = undefined;
    this.#filled = 0;
  }

  async #put(
    block: Buffer<SharedArrayBuffer>,
    length: number,
    position: number,
    seen: Promise<void> | undefined,
  ): Promise<void> {
    await Promise.all([this.#store(block, length, position), seen]);
    recycle(block);
  }

  async #store(block: Buffer<SharedArrayBuffer>, length: number, position: number): Promise<void> {
    for (let done = 0; done < length; ) {
      const { bytesWritten } = await this.#handle.write(block, done, length - done, position + done);
      done += bytesWritten;
    }
  }
}

function recycle(block: Buffer<SharedArrayBuffer> | undefined): void {
  if (block !== undefined && spare.length < MAX_SPARE) spare.push(block);
}
