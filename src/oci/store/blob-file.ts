/** The file of a blob while it grows: content, with its envelope if it has one, written and hashed in one pass. */

import { createHash, type Hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { type Algorithm, type Digest, parseDigest } from '../digest.ts';
import { BlockWriter } from './block-writer.ts';
import { contentOf, contentWithin, type Envelope, endOf, type Layout, type Piece, PLAIN } from './envelope.ts';
import { type FrameDigests, type Stretch, startFrameDigests } from './frame-digests.ts';

/** What came in, and what the file turned out to be. */
export interface Ingested {
  /** Digest and size of the content. */
  readonly digest: Digest;
  readonly size: number;
  /** Digest and size of the file: the same, unless there is an envelope around the content. */
  readonly stored: { readonly digest: Digest; readonly size: number };
  /** Digest of the file without the frames of the envelope. */
  readonly unframed: Digest;
}

/** How much of an earlier attempt is read at once to hash it. */
const READ_SIZE = 1024 * 1024;

export class BlobFile {
  readonly layout: Layout;
  readonly #handle: FileHandle;
  readonly #algorithm: Algorithm;
  /** Over the content. */
  readonly #content: Hash;
  readonly #envelope: Envelope | undefined;
  /** Over the file with the envelope. */
  readonly #outer: FrameDigests | undefined;
  #writer: BlockWriter;
  #size = 0;
  /** Bytes given to the writer, and those of them that were hashed. */
  #position = 0;
  #hashed = 0;
  /** Where in the file the frames are that were not hashed yet. */
  #frames: Stretch[] = [];

  /**
   * @param algorithm of the content's digest; that of the file is always sha256
   * @param expected the size of the content, if known
   */
  constructor(handle: FileHandle, algorithm: Algorithm, envelope: Envelope | undefined, expected: number | undefined) {
    this.layout = envelope?.layout ?? PLAIN;
    this.#handle = handle;
    this.#algorithm = algorithm;
    this.#content = createHash(algorithm);
    this.#envelope = envelope;
    this.#outer = envelope === undefined ? undefined : startFrameDigests(expected ?? 0);
    this.#writer = this.#writeFrom(0);
  }

  /** Bytes of content. */
  get size(): number {
    return this.#size;
  }

  /** Writes what stands before the content. */
  async begin(): Promise<void> {
    if (this.#envelope !== undefined) await this.#put(this.#envelope.start());
  }

  /**
   * Takes over what an earlier attempt wrote, and goes on after it.
   * @param count how much of the content to take over
   * @returns whether the file is what would be written now as far as the envelope goes; the content is not compared
   */
  async takeOver(count: number, signal: AbortSignal | undefined): Promise<boolean> {
    const { layout } = this;
    const envelope = this.#envelope;
    const end = endOf(layout, count);
    if (envelope !== undefined && !(await this.#retrace(envelope.start(), await this.#read(0, layout.offset))))
      return false;
    while (this.#size < count) {
      signal?.throwIfAborted();
      const from = endOf(layout, this.#size);
      const reach = contentWithin(layout, Math.min(end, from + READ_SIZE));
      const part = await this.#read(from, endOf(layout, reach));
      const chunks = [...contentOf(layout, this.#size, part)];
      for (const chunk of chunks) this.#content.update(chunk);
      const pieces = chunks.flatMap((chunk) => [...(envelope?.wrap(chunk) ?? [])]);
      if (envelope !== undefined && !(await this.#retrace(pieces, part))) return false;
      this.#size = reach;
    }
    this.#writer = this.#writeFrom(end);
    return true;
  }

  /** Takes a chunk of content; it may be used again once this returns or the promise resolves. */
  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#size += chunk.byteLength;
    this.#content.update(chunk);
    return this.#envelope === undefined ? this.#writer.write(chunk) : this.#put(this.#envelope.wrap(chunk));
  }

  /** The digest of the content so far. */
  contentDigest(): Digest {
    return digestOf(this.#content.copy(), this.#algorithm);
  }

  /** Writes what stands after the content, and brings everything to the file. */
  async end(): Promise<Ingested> {
    const content = { digest: digestOf(this.#content, this.#algorithm), size: this.#size };
    if (this.#envelope !== undefined) await this.#put(this.#envelope.end());
    await this.#writer.flush();
    if (this.#outer === undefined) return { ...content, stored: content, unframed: content.digest };
    const { whole, unframed } = await this.#outer.digests();
    return { ...content, stored: { digest: whole, size: this.#position }, unframed };
  }

  /** Brings what came so far to the file. */
  async flush(): Promise<void> {
    await this.#writer.flush();
  }

  /** Waits for what is under way, whatever comes of it, and gives the memory back. */
  async settle(): Promise<void> {
    await this.#writer.settle();
    this.#outer?.discard();
  }

  #writeFrom(position: number): BlockWriter {
    const outer = this.#outer;
    return new BlockWriter(this.#handle, position, outer && ((block) => outer.update(block, this.#unframed(block))));
  }

  #put(pieces: Iterable<Piece>): Promise<void> | undefined {
    let written: Promise<void> | undefined;
    for (const piece of pieces) {
      this.#note(piece);
      written =
        written === undefined ? this.#writer.write(piece.bytes) : written.then(() => this.#writer.write(piece.bytes));
    }
    return written;
  }

  /** Hashes a part of the file. Answers whether the pieces are what it consists of. */
  async #retrace(pieces: Iterable<Piece>, part: Buffer): Promise<boolean> {
    for (const piece of pieces) {
      const from = this.#position - this.#hashed;
      if (!part.subarray(from, from + piece.bytes.byteLength).equals(piece.bytes)) return false;
      this.#note(piece);
    }
    await this.#outer?.update(part, this.#unframed(part));
    return true;
  }

  #note({ bytes, isFrame }: Piece): void {
    const from = this.#position;
    this.#position += bytes.byteLength;
    if (isFrame) this.#frames.push({ from, to: this.#position });
  }

  /** Goes on to the next part of the file that is to be hashed. Tells what in it is not a frame. */
  #unframed(part: Uint8Array): Stretch[] {
    const begin = this.#hashed;
    const length = part.byteLength;
    const stretches: Stretch[] = [];
    let at = 0;
    for (const { from, to } of this.#frames) {
      if (from - begin >= length) break;
      if (from - begin > at) stretches.push({ from: at, to: from - begin });
      at = Math.min(length, to - begin);
    }
    if (at < length) stretches.push({ from: at, to: length });
    this.#hashed += length;
    this.#frames = this.#frames.filter(({ to }) => to > this.#hashed);
    return stretches;
  }

  async #read(from: number, to: number): Promise<Buffer> {
    const buffer = Buffer.alloc(to - from);
    await this.#handle.read(buffer, 0, buffer.byteLength, from);
    return buffer;
  }
}

function digestOf(hash: Hash, algorithm: Algorithm): Digest {
  return parseDigest(`${algorithm}:${hash.digest('hex')}`);
}
