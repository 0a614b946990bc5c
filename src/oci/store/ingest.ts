/** Writing a blob: checked while it comes in, resumable, in place only when it is whole. */

import { rename } from 'node:fs/promises';
import { SealerError } from '../../error.ts';
import { algorithmOf, type Digest } from '../digest.ts';
import { writeAlias } from './aliases.ts';
import { BlobFile, type Ingested } from './blob-file.ts';
import { diskError, onDisk } from './disk-error.ts';
import { contentWithin, type Envelope, endOf } from './envelope.ts';
import type { Home } from './home.ts';
import { claimPartial, createPartial, dropPartial, type Partial, partialKey, releasePartial } from './partial.ts';
import { blobPath } from './paths.ts';

export interface IngestOptions {
  /** The content's digest, if it is known beforehand; only then a broken attempt can be resumed. */
  readonly digest?: Digest | undefined;
  /** The content's size in bytes, if known. */
  readonly size?: number | undefined;
  /**
   * Makes what the stored file has around the content, anew for each attempt. The file is then a blob with a digest of
   * its own, and the content is found inside it. A broken attempt is resumed only if the content's size is given, too.
   */
  readonly envelope?: (() => Envelope) | undefined;
  readonly signal?: AbortSignal | undefined;
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

/** Begins to write a blob. */
export async function beginIngest(home: Home, options: IngestOptions): Promise<Ingest> {
  options.signal?.throwIfAborted();
  const begin = async () => {
    await home.beforeWriting();
    const key = partialKey(options.digest, options.envelope?.().layout.offset ?? 0);
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
  readonly #key: string;
  readonly #partial: Partial;
  #file: BlobFile;
  #offset = 0;
  #ended = false;
  /** What is in the file is of no use to a later attempt. */
  #spoiled = false;

  constructor(home: Home, options: IngestOptions, key: string, partial: Partial) {
    this.#home = home;
    this.#options = options;
    this.#key = key;
    this.#partial = partial;
    this.#file = this.#newFile();
  }

  get offset(): number {
    return this.#offset;
  }

  /** Takes over what an earlier attempt left as far as it can be the beginning of the content. */
  async resume(): Promise<void> {
    const { size, envelope, digest, signal } = this.#options;
    const { layout } = this.#file;
    // Without its size, content cannot be told from what follows it.
    const most = size ?? (envelope === undefined ? Infinity : 0);
    const kept = Math.min(contentWithin(layout, this.#partial.size), most);
    if (kept === 0 || !(await this.#file.takeOver(kept, signal))) return this.restart();
    if (kept === size && this.#file.contentDigest() !== digest) return this.restart();
    const now = new Date();
    await this.#partial.handle.truncate(endOf(layout, kept));
    // Prune and recovery go by the time of a file, and an untouched partial keeps the time of the earlier attempt.
    await this.#partial.handle.utimes(now, now);
    this.#offset = kept;
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#assertOpen();
    this.#options.signal?.throwIfAborted();
    const { size = Infinity } = this.#options;
    if (this.#file.size + chunk.byteLength > size) throw this.#wrongSize('longer');
    return this.#file.write(chunk)?.catch((error) => this.#fail(error));
  }

  async restart(): Promise<void> {
    this.#assertOpen();
    await this.#file.settle();
    await onDisk(this.#home.paths.root, () => this.#partial.handle.truncate(0));
    this.#file = this.#newFile();
    this.#offset = 0;
    this.#spoiled = false;
    await this.#file.begin();
  }

  async commit(): Promise<Ingested> {
    this.#assertOpen();
    const { size, digest, envelope, signal } = this.#options;
    signal?.throwIfAborted();
    if (size !== undefined && this.#file.size < size) throw this.#wrongSize('shorter');
    const actual = this.#file.contentDigest();
    if (digest !== undefined && digest !== actual) throw this.#wrongDigest(actual);
    try {
      const digests = await this.#file.end();
      const { stored } = digests;
      await this.#place(stored.digest);
      if (envelope !== undefined) {
        const alias = { ...this.#file.layout, digest: stored.digest, size: digests.size };
        await writeAlias(this.#home.paths, actual, alias);
      }
      return digests;
    } catch (error) {
      return this.#fail(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    const resumable = this.#options.digest !== undefined && !this.#spoiled && this.#file.size > 0;
    if (resumable) await this.#file.flush().catch(() => {});
    await this.#file.settle();
    await this.#partial.handle.close().catch(() => {});
    if (resumable) await releasePartial(this.#home.paths, this.#key, this.#partial.file);
    else await dropPartial(this.#partial.file);
  }

  async #place(stored: Digest): Promise<void> {
    if (this.#home.syncsBlobs) await this.#partial.handle.sync();
    await this.#file.settle();
    await this.#partial.handle.close();
    // What is there already under this name is the same, or broken; so replace it.
    await rename(this.#partial.file, blobPath(this.#home.paths, stored));
    this.#ended = true;
  }

  #newFile(): BlobFile {
    const { digest, size, envelope } = this.#options;
    const algorithm = digest === undefined ? 'sha256' : algorithmOf(digest);
    return new BlobFile(this.#partial.handle, algorithm, envelope?.(), size);
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
