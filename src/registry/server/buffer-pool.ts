/** Buffers for bytes on their way between sockets and files, used again and bounded in sum. */

/** Larger ones gain nothing; a fresh one for each read is given back to the kernel and faulted in anew, which costs. */
const BLOCK_BYTES = 256 * 1024;
/** For whoever comes when the blocks are out: slower, and never without. */
const SMALL_BYTES = 32 * 1024;
const BLOCKS = 256;

/** 64 MiB of blocks at most; a hundred hosts that pull at once must not cost a gigabyte. */
export class BufferPool {
  readonly #spare: Buffer[] = [];
  #out = 0;

  /** A buffer to use until it is released. Its content is arbitrary. */
  take(): Buffer {
    if (this.#out >= BLOCKS) return Buffer.allocUnsafeSlow(SMALL_BYTES);
    this.#out++;
    return this.#spare.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /**
   * Gives a buffer back.
   * @param reuse false when something may still read or write it
   */
  release(buffer: Buffer, reuse = true): void {
    if (buffer.length !== BLOCK_BYTES) return;
    this.#out--;
    if (reuse) this.#spare.push(buffer);
  }
}
