/** Writing a blob: checked while it comes in, resumable, in place only when it is whole. */

import { createHash, type Hash } from 'node:crypto';
import { rename } from 'node:fs/promises';
import { SealerError } from '../../error.ts';
import { type Algorithm, algorithmOf, type Digest, parseDigest } from '../digest.ts';
import { writeAlias } from './aliases.ts';
import { BlockWriter } from './block-writer.ts';
import { diskError, onDisk } from './disk-error.ts';
import type { Home } from './home.ts';
import { claimPartial, createPartial, dropPartial, type Partial, partialKey, releasePartial } from './partial.ts';
import { blobPath } from './paths.ts';

export interface IngestOptions {
  /** The content's digest, if it is known beforehand; only then a broken attempt can be resumed. */
  readonly digest?: Digest | undefined;
  /** The content's size in bytes, if known. */
  readonly size?: number | undefined;
  /** What stands before the content in the stored file. */
  readonly prefix?: Uint8Array | undefined;
  /** What stands after it. */
  readonly suffix?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface Ingested {
  /** Digest and size of the content. */
  readonly digest: Digest;
  readonly size: number;
  /** Digest and size of the stored file: the same, unless it has a prefix or suffix. */
  readonly stored: { readonly digest: Digest; readonly size: number };
}

/**
 * A blob on its way into the store. Disposed without a commit, what came so far is kept for the next attempt if the
 * content's digest is known.
 */
export interface Ingest extends AsyncDisposable {
  /** Bytes of content that are there already from an earlier, broken attempt, and hashed; writing goes on after them. */
  readonly offset: number;
  /**
   * Takes a chunk of content; it may be used again once this returns or the promise resolves.
   * @throws SealerError SIZE_MISMATCH, DISK_FULL, PERMISSION
   */
  write(chunk: Uint8Array): Promise<void> | void;
  /** Forgets all content, also that of earlier attempts. */
  restart(): Promise<void>;
  /**
   * Checks the content and puts the blob in place.
   * @throws SealerError DIGEST_MISMATCH, SIZE_MISMATCH, DISK_FULL, PERMISSION
   */
  commit(): Promise<Ingested>;
}

const NOTHING = new Uint8Array(0);
/** How much of an earlier attempt is read at once to hash it. */
const READ_SIZE = 1024 * 1024;

/** Begins to write a blob. */
export async function beginIngest(home: Home, options: IngestOptions): Promise<Ingest> {
  options.signal?.throwIfAborted();
  const begin = async () => {
    await home.beforeWriting();
    const key = partialKey(options.digest, options.prefix?.byteLength ?? 0);
    const claimed = options.digest === undefined ? undefined : await claimPartial(home.paths, key);
    const partial = claimed ?? (await createPartial(home.paths, key));
    const ingest = new BlobIngest(home, options, key, partial);
    try {
      await ingest.resume();
    } catch (error) {
      await ingest[Symbol.asyncDispose]();
      throw error;
    }
    return ingest;
  };
  return await onDisk(home.paths.root, begin, options.size);
}

class BlobIngest implements Ingest {
  readonly #home: Home;
  readonly #options: IngestOptions;
  readonly #prefix: Uint8Array;
  readonly #suffix: Uint8Array;
  readonly #algorithm: Algorithm;
  readonly #key: string;
  readonly #partial: Partial;
  #writer: BlockWriter;
  /** Over the content. */
  #content: Hash;
  /** Over the whole file, where that is something else. */
  #whole: Hash | undefined;
  #offset = 0;
  #received = 0;
  #ended = false;
  /** What is in the file is of no use to a later attempt. */
  #spoiled = false;

  constructor(home: Home, options: IngestOptions, key: string, partial: Partial) {
    this.#home = home;
    this.#options = options;
    this.#prefix = options.prefix ?? NOTHING;
    this.#suffix = options.suffix ?? NOTHING;
    this.#algorithm = options.digest === undefined ? 'sha256' : algorithmOf(options.digest);
    this.#key = key;
    this.#partial = partial;
    this.#writer = new BlockWriter(partial.handle, 0);
    this.#content = createHash(this.#algorithm);
    this.#whole = this.#startWhole();
  }

  get offset(): number {
    return this.#offset;
  }

  /** Hashes what an earlier attempt left, and keeps it as far as it can be the beginning of the content. */
  async resume(): Promise<void> {
    const { size } = this.#options;
    // Without the content's size, the last bytes may be the suffix already.
    const doubtful = this.#prefix.byteLength + (size === undefined ? this.#suffix.byteLength : 0);
    const kept = Math.min(this.#partial.size - doubtful, size ?? Infinity);
    if (kept <= 0 || !(await this.#hashPartial(kept)) || (kept === size && !this.#isComplete())) return this.restart();
    const end = this.#prefix.byteLength + kept;
    const now = new Date();
    await this.#partial.handle.truncate(end);
    // Prune and recovery go by the time of a file, and an untouched partial keeps the time of the earlier attempt.
    await this.#partial.handle.utimes(now, now);
    this.#writer = new BlockWriter(this.#partial.handle, end);
    this.#offset = kept;
    this.#received = kept;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#assertOpen();
    this.#options.signal?.throwIfAborted();
    this.#received += chunk.byteLength;
    if (this.#options.size !== undefined && this.#received > this.#options.size) throw this.#wrongSize('longer');
    this.#content.update(chunk);
    this.#whole?.update(chunk);
    return this.#writer.write(chunk)?.catch((error) => this.#fail(error));
  }

  async restart(): Promise<void> {
    this.#assertOpen();
    await this.#writer.settle();
    await onDisk(this.#home.paths.root, () => this.#partial.handle.truncate(0));
    this.#writer = new BlockWriter(this.#partial.handle, 0);
    this.#content = createHash(this.#algorithm);
    this.#whole = this.#startWhole();
    this.#offset = 0;
    this.#received = 0;
    this.#spoiled = false;
    await this.#writer.write(this.#prefix);
  }

  async commit(): Promise<Ingested> {
    this.#assertOpen();
    this.#options.signal?.throwIfAborted();
    if (this.#options.size !== undefined && this.#received < this.#options.size) throw this.#wrongSize('shorter');
    const digest = this.#digestOf(this.#content, this.#algorithm);
    if (this.#options.digest !== undefined && digest !== this.#options.digest) throw this.#wrongDigest(digest);
    this.#whole?.update(this.#suffix);
    const storedSize = this.#prefix.byteLength + this.#received + this.#suffix.byteLength;
    const stored =
      this.#whole === undefined
        ? { digest, size: this.#received }
        : { digest: this.#digestOf(this.#whole, 'sha256'), size: storedSize };
    try {
      await this.#writer.write(this.#suffix);
      await this.#writer.flush();
      await this.#place(stored.digest);
      if (stored.digest !== digest) {
        const alias = { digest: stored.digest, offset: this.#prefix.byteLength, size: this.#received };
        await writeAlias(this.#home.paths, digest, alias);
      }
    } catch (error) {
      return this.#fail(error);
    }
    return { digest, size: this.#received, stored };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const resumable = this.#options.digest !== undefined && !this.#spoiled && this.#received > 0;
    if (resumable) await this.#writer.flush().catch(() => {});
    await this.#writer.settle();
    await this.#partial.handle.close().catch(() => {});
    if (resumable) await releasePartial(this.#home.paths, this.#key, this.#partial.file);
    else await dropPartial(this.#partial.file);
  }

  async #place(stored: Digest): Promise<void> {
    if (this.#home.syncsBlobs) await this.#partial.handle.sync();
    await this.#writer.settle();
    await this.#partial.handle.close();
    // What is there already under this name is the same, or broken; so replace it.
    await rename(this.#partial.file, blobPath(this.#home.paths, stored));
    this.#ended = true;
  }

  /** Answers whether the file begins with the prefix. */
  async #hashPartial(kept: number): Promise<boolean> {
    const { handle } = this.#partial;
    const head = Buffer.alloc(this.#prefix.byteLength);
    await handle.read(head, 0, head.byteLength, 0);
    if (!head.equals(this.#prefix)) return false;
    const buffer = Buffer.allocUnsafe(Math.min(READ_SIZE, kept));
    for (let done = 0; done < kept; ) {
      this.#options.signal?.throwIfAborted();
      const wanted = Math.min(buffer.byteLength, kept - done);
      const { bytesRead } = await handle.read(buffer, 0, wanted, head.byteLength + done);
      if (bytesRead === 0) return false;
      this.#content.update(buffer.subarray(0, bytesRead));
      this.#whole?.update(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
    return true;
  }

  #isComplete(): boolean {
    return this.#digestOf(this.#content.copy(), this.#algorithm) === this.#options.digest;
  }

  #startWhole(): Hash | undefined {
    if (this.#prefix.byteLength + this.#suffix.byteLength === 0) return undefined;
    return createHash('sha256').update(this.#prefix);
  }

  #digestOf(hash: Hash, algorithm: Algorithm): Digest {
    return parseDigest(`${algorithm}:${hash.digest('hex')}`);
  }

  #assertOpen(): void {
    if (this.#ended) throw new Error('The ingest has ended');
  }

  #fail(error: unknown): never {
    // A full disk is not kept full: others may still need the little that is left.
    this.#spoiled = true;
    throw diskError(error, this.#home.paths.root, this.#options.size);
  }

  #wrongSize(how: 'longer' | 'shorter'): SealerError {
    // Content that breaks off early is usually right as far as it goes, and a later attempt goes on there.
    this.#spoiled = how === 'longer';
    const name = this.#options.digest ?? 'The content';
    return new SealerError(
      'SIZE_MISMATCH',
      `${name} is ${how} than the ${this.#options.size} bytes that it should have`,
      {
        hint: how === 'shorter' ? 'The transfer broke off; run it again.' : 'Do not trust where it comes from.',
      },
    );
  }

  #wrongDigest(actual: Digest): SealerError {
    this.#spoiled = true;
    return new SealerError('DIGEST_MISMATCH', `The content of ${this.#options.digest} has the digest ${actual}`, {
      hint: 'It was damaged on the way, or its source is not to be trusted. Run it again.',
    });
  }
}
