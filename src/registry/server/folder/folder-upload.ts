/** Uploads into a folder: `_uploads/<id>/{data,startedat}`, as CNCF distribution has them. */

import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SealerError } from '../../../error.ts';
import { type Algorithm, algorithmOf, createDigester, type Digest, type Digester } from '../../../oci/digest.ts';
import { type OpenBody, SingleAppend } from '../single-append.ts';
import type { Upload } from '../storage.ts';
import { writeChunks } from './chunk-writer.ts';
import type { Layout } from './layout.ts';
import { ifThere, moveInto, writeLink } from './link.ts';

/** As distribution's own purge: an upload that nobody went on with for a week is given up. */
const ABANDONED_MS = 7 * 24 * 3600_000;

/** Starts an upload. */
export async function startFolderUpload(
  layout: Layout,
  repository: string,
  id: string,
  algorithm: Algorithm,
): Promise<FolderUpload> {
  await sweepUploads(layout, repository);
  const folder = layout.upload(repository, id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'data'), '', { flag: 'wx', mode: 0o644 });
  // distribution purges by this time, and refuses an upload without it.
  await writeFile(join(folder, 'startedat'), new Date().toISOString().replace(/\.\d+Z$/, 'Z'));
  return new FolderUpload(layout, repository, id, 0, algorithm);
}

/** An upload that an earlier process started; its hash is computed again when it ends. */
export async function resumeFolderUpload(
  layout: Layout,
  repository: string,
  id: string,
): Promise<FolderUpload | undefined> {
  const info = await ifThere(stat(join(layout.upload(repository, id), 'data')));
  return info?.isFile() === true ? new FolderUpload(layout, repository, id, info.size, 'sha256') : undefined;
}

async function sweepUploads(layout: Layout, repository: string): Promise<void> {
  for (const id of (await ifThere(readdir(layout.uploads(repository)))) ?? []) {
    const folder = layout.upload(repository, id);
    const info = (await ifThere(stat(join(folder, 'data')))) ?? (await ifThere(stat(folder)));
    if (info !== undefined && Date.now() - info.mtimeMs > ABANDONED_MS)
      await rm(folder, { recursive: true, force: true });
  }
}

export class FolderUpload implements Upload {
  readonly id: string;
  #size: number;
  readonly #layout: Layout;
  readonly #repository: string;
  readonly #algorithm: Algorithm;
  /** Of the first `#hashed` bytes. */
  #digester: Digester;
  #hashed = 0;
  readonly #appending = new SingleAppend();

  constructor(layout: Layout, repository: string, id: string, size: number, algorithm: Algorithm) {
    this.#layout = layout;
    this.#repository = repository;
    this.id = id;
    this.#size = size;
    this.#algorithm = algorithm;
    this.#digester = createDigester(algorithm);
  }

  get size(): number {
    return this.#size;
  }

  async interrupt(): Promise<void> {
    await this.#appending.interrupt();
  }

  async append(body: OpenBody): Promise<void> {
    await this.#appending.run(body, async (chunks) => {
      const file = await open(this.#data, 'r+');
      try {
        await writeChunks(file, this.#size, chunks, (chunk) => this.#count(chunk));
      } finally {
        await file.close();
      }
    });
  }

  async commit(digest: Digest): Promise<void> {
    await this.interrupt();
    try {
      const file = await open(this.#data, 'r+');
      try {
        const actual = await this.#digest(file, algorithmOf(digest));
        if (actual !== digest) throw new SealerError('DIGEST_MISMATCH', `The upload is ${actual}, not ${digest}`);
        // Readers trust what stands under a digest, so it must be on the disk before it gets there.
        await file.datasync();
      } finally {
        await file.close();
      }
      const target = this.#layout.blob(digest);
      if ((await ifThere(stat(target))) === undefined) await moveInto(this.#data, target);
      await writeLink(this.#layout.temporary, this.#layout.layerLink(this.#repository, digest), digest);
    } finally {
      await this.cancel();
    }
  }

  async cancel(): Promise<void> {
    await this.interrupt();
    await rm(this.#layout.upload(this.#repository, this.id), { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#layout.upload(this.#repository, this.id), 'data');
  }

  #count(chunk: Uint8Array): void {
    if (this.#hashed === this.#size) {
      this.#digester.update(chunk);
      this.#hashed += chunk.length;
    }
    this.#size += chunk.length;
  }

  async #digest(file: FileHandle, algorithm: Algorithm): Promise<Digest> {
    const { size } = await file.stat();
    // Hashed as it came, if all of it came to this process and the client told the algorithm in time.
    if (algorithm === this.#algorithm && this.#hashed === size && this.#size === size) return this.#digester.digest();
    const digester = createDigester(algorithm);
    for await (const chunk of createReadStream(this.#data, { highWaterMark: 1 << 20 })) digester.update(chunk);
    return digester.digest();
  }
}
