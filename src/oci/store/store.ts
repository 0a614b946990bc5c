/** The local store: content by digest, images by name, in an OCI image layout that other tools read as well. */

import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { isSystemError, SealerError } from '../../error.ts';
import type { Descriptor } from '../descriptor.ts';
import { type Digest, digestOf } from '../digest.ts';
import { type Document, MAX_MANIFEST_BYTES, parseDocument } from '../manifest.ts';
import { dropAlias, readAlias } from './aliases.ts';
import { statIfThere } from './blob-list.ts';
import { diskError, onDisk } from './disk-error.ts';
import { DocumentCache } from './document-cache.ts';
import { currentBoot, recover } from './durability.ts';
import { PLAIN } from './envelope.ts';
import { Home } from './home.ts';
import { beginIngest, type Ingest, type IngestOptions } from './ingest.ts';
import { ensureLayout } from './layout.ts';
import { adoptNames, deriveIndex, listNames, type NamedImage, removeName, resolveName, setName } from './names.ts';
import { blobPath, pathsOf } from './paths.ts';
import { type PruneOptions, type PruneResult, prune } from './prune.ts';
import { makeScratch, type Scratch } from './scratch.ts';
import { type Content, type Location, readPart, readVerified } from './verified-read.ts';

/** A range of bytes; `end` is inclusive, as in HTTP. */
export interface ByteRange {
  readonly start?: number | undefined;
  readonly end?: number | undefined;
}

/**
 * An open store. Any number of processes may have it open at once, and each may be killed at any moment.
 * Every method may fail with DISK_FULL or PERMISSION.
 */
export class Store implements AsyncDisposable {
  readonly root: string;
  readonly #home: Home;
  readonly #documents = new DocumentCache();

  private constructor(root: string, home: Home) {
    this.root = root;
    this.#home = home;
  }

  /**
   * Opens the store in a folder, and makes it where there is none. Mends what a crash left behind.
   * @throws SealerError STORE_INVALID if the folder holds something else
   */
  static async open(root: string): Promise<Store> {
    const paths = pathsOf(resolve(root));
    return await onDisk(paths.root, async () => {
      const boot = await currentBoot();
      await ensureLayout(paths);
      await adoptNames(paths);
      await unlessReadOnly(async () => {
        await recover(paths, boot);
        await deriveIndex(paths);
      });
      return new Store(paths.root, new Home(paths, boot));
    });
  }

  /** The size of content in bytes, or `undefined` if it is not here. Content inside another blob counts, too. */
  async stat(digest: Digest): Promise<number | undefined> {
    return (await this.#look(digest))?.size;
  }

  /**
   * The file that is a blob, for those who copy it by other means; they have to check its digest themselves. Content
   * that lies inside another blob has no such file and can only be `read`.
   */
  async locate(digest: Digest): Promise<Location | undefined> {
    const content = await this.#look(digest);
    return content?.layout === PLAIN ? { file: content.file, size: content.size } : undefined;
  }

  /**
   * Reads content. When all of it is read, its digest is checked before the last chunk: the stream fails with
   * DIGEST_MISMATCH, and the broken blob is gone.
   * @param range a part of it, which is not checked
   * @throws SealerError IMAGE_NOT_FOUND
   */
  async read(digest: Digest, { start = 0, end = Infinity }: ByteRange = {}): Promise<Readable> {
    const content = await this.#find(digest);
    const isWhole = start === 0 && end >= content.size - 1;
    const opening = isWhole
      ? readVerified(content, digest, () => this.#dropBroken(digest))
      : readPart(content, start, Math.max(start, Math.min(end + 1, content.size)));
    return await this.#opened(digest, opening);
  }

  /**
   * Small content as a whole, verified.
   * @param limit bytes; more is refused
   * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, INVALID_MANIFEST if it is too large
   */
  async bytes(digest: Digest, limit: number = MAX_MANIFEST_BYTES): Promise<Buffer> {
    const { size } = await this.#find(digest);
    if (size > limit) {
      throw new SealerError('INVALID_MANIFEST', `${digest} has ${size} bytes where at most ${limit} are allowed`);
    }
    const chunks: Buffer[] = [];
    for await (const chunk of await this.read(digest)) chunks.push(chunk);
    return chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
  }

  /**
   * A manifest or index.
   * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, INVALID_MANIFEST
   */
  async document(digest: Digest): Promise<Document> {
    const known = this.#documents.get(digest);
    if (known !== undefined && (await this.stat(digest)) !== undefined) return known;
    const document = parseDocument(await this.bytes(digest));
    this.#documents.set(digest, document);
    return document;
  }

  /** Stores content that is in memory. */
  async add(bytes: Uint8Array, mediaType: string): Promise<Descriptor> {
    const digest = digestOf(bytes);
    if ((await this.stat(digest)) !== bytes.byteLength) {
      await using ingest = await this.ingest({ digest, size: bytes.byteLength });
      if (ingest.offset > 0) await ingest.restart();
      await ingest.write(bytes);
      await ingest.commit();
    }
    return { mediaType, digest, size: bytes.byteLength };
  }

  /** Begins to store content, or goes on with it where an earlier attempt broke off. */
  async ingest(options: IngestOptions = {}): Promise<Ingest> {
    return await beginIngest(this.#home, options);
  }

  /** What a complete name stands for; its content need not be here. */
  async resolve(name: string): Promise<Descriptor | undefined> {
    return await onDisk(this.root, () => resolveName(this.#home.paths, name));
  }

  /**
   * Gives an image a complete name (as `formatReference` writes it), taking it from another image if need be.
   * @throws SealerError INVALID_REFERENCE
   */
  async tag(name: string, descriptor: Descriptor): Promise<void> {
    await onDisk(this.root, async () => {
      await this.#home.beforeWriting();
      await setName(this.#home.paths, name, descriptor);
    });
  }

  /** Takes a name away; the content stays until the next prune. Answers whether there was such a name. */
  async untag(name: string): Promise<boolean> {
    return await onDisk(this.root, () => removeName(this.#home.paths, name));
  }

  /** All names, sorted. */
  async names(): Promise<readonly NamedImage[]> {
    return await onDisk(this.root, () => listNames(this.#home.paths));
  }

  /**
   * A folder for things that can be made again. A prune may empty it.
   * @param name a plain folder name
   */
  async cacheFolder(name: string): Promise<string> {
    const folder = join(this.#home.paths.cache, name);
    await onDisk(this.root, () => mkdir(folder, { recursive: true }));
    return folder;
  }

  /**
   * A private temporary folder on the store's disk. What dead processes leave is removed by `prune`.
   * @param label what for
   */
  async scratch(label: string): Promise<Scratch> {
    return await onDisk(this.root, () => makeScratch(this.#home.paths, label));
  }

  /** Removes what no name leads to and nobody is working with. */
  async prune(options: PruneOptions = {}): Promise<PruneResult> {
    return await onDisk(this.root, () => prune(this.#home.paths, options));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#home[Symbol.asyncDispose]();
  }

  async #look(digest: Digest): Promise<Content | undefined> {
    return await onDisk(this.root, async () => {
      const size = await this.#home.rely(digest);
      if (size !== undefined) return { file: blobPath(this.#home.paths, digest), size, layout: PLAIN };
      const alias = await readAlias(this.#home.paths, digest);
      if (alias === undefined || (await this.#home.rely(alias.digest)) === undefined) return undefined;
      return { file: blobPath(this.#home.paths, alias.digest), size: alias.size, layout: alias };
    });
  }

  async #find(digest: Digest): Promise<Content> {
    const content = await this.#look(digest);
    if (content === undefined) throw this.#absent(digest);
    return content;
  }

  async #opened(digest: Digest, opening: Promise<Readable>): Promise<Readable> {
    try {
      return await opening;
    } catch (error) {
      // It was here when it was looked for: somebody removed it by hand.
      throw isSystemError(error, 'ENOENT') ? this.#absent(digest) : diskError(error, this.root);
    }
  }

  #absent(digest: Digest): SealerError {
    return new SealerError('IMAGE_NOT_FOUND', `The store ${this.root} has no content ${digest}`, {
      hint: 'Pull, load or build the image again.',
    });
  }

  /** Removes content that turned out to be altered: the blob itself, or the one that it is embedded in. */
  async #dropBroken(digest: Digest): Promise<void> {
    if ((await statIfThere(blobPath(this.#home.paths, digest))) !== undefined) return this.#home.dropBlob(digest);
    const alias = await readAlias(this.#home.paths, digest);
    await dropAlias(this.#home.paths, digest);
    if (alias !== undefined) await this.#home.dropBlob(alias.digest);
  }
}

/** Mending is for those who may; the others read what is there. */
async function unlessReadOnly(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isSystemError(error, 'EACCES', 'EPERM', 'EROFS')) throw error;
  }
}
