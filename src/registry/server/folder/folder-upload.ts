/** Uploads into a folder: `_uploads/<id>/{data,startedat}`, as CNCF distribution has them. */

import { createReadStream } from 'node:fs';
import { type FileHandle, mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SealerError } from '../../../error.ts';
import { type Algorithm, algorithmOf, createDigester, type Digest, type Digester } from '../../../oci/digest.ts';
import type { BufferPool } from '../buffer-pool.ts';
import { type OpenBody, SingleAppend } from '../single-append.ts';
import type { Upload } from '../storage.ts';
import type { Layout } from './layout.ts';
import { ifThere, moveInto, writeLink } from './link.ts';
import { writeBlocks } from './write-blocks.ts';

/** As distribution's own purge: an upload that nobody went on with for a week is given up. */
const ABANDONED_MS = 7 * 24 * 3600_000;

/** Where an upload belongs. */
export interface UploadPlace {
  readonly layout: Layout;
  readonly pool: BufferPool;
  readonly repository: string;
  readonly id: string;
}

/** Starts an upload. */
export async function startFolderUpload(place: UploadPlace, algorithm: Algorithm): Promise<FolderUpload> {
  const { layout, repository, id } = place;
  await sweepUploads(layout, repository);
  const folder = layout.upload(repository, id);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'data'), '', { flag: 'wx', mode: 0o644 });
  // distribution purges by this time, and refuses an upload without it.
  await writeFile(join(folder, 'startedat'), new Date().toISOString().replace(/\.\d+Z$/, 'Z'));
  return new FolderUpload(place, 0, algorithm);
}

/** An upload that an earlier process started; its hash is computed again when it ends. */
export async function resumeFolderUpload(place: UploadPlace): Promise<FolderUpload | undefined> {
  const info = await ifThere(stat(join(place.layout.upload(place.repository, place.id), 'data')));
  return info?.isFile() === true ? new FolderUpload(place, info.size, 'sha256') : undefined;
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
  readonly #place: UploadPlace;
  readonly #algorithm: Algorithm;
  readonly #digester: Digester;
  readonly #appending = new SingleAppend();
  #size: number;
  /** Bytes that the digester saw. */
  #hashed = 0;

  /** @param size bytes that are there already */
  constructor(place: UploadPlace, size: number, algorithm: Algorithm) {
    this.#place = place;
    this.#size = size;
    this.#algorithm = algorithm;
    this.#digester = createDigester(algorithm);
  }

  get id(): string {
    return this.#place.id;
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
        await writeBlocks(file, this.#size, chunks, this.#place.pool, {
          sending: (block) => this.#hash(block),
          written: (bytes) => {
            this.#size += bytes;
          },
        });
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
      const { layout, repository } = this.#place;
      const target = layout.blob(digest);
      if ((await ifThere(stat(target))) === undefined) await moveInto(this.#data, target);
      await writeLink(layout.temporary, layout.layerLink(repository, digest), digest);
    } finally {
      await this.cancel();
    }
  }

  async cancel(): Promise<void> {
    await this.interrupt();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #folder(): string {
    return this.#place.layout.upload(this.#place.repository, this.#place.id);
  }

  get #data(): string {
    return join(this.#folder, 'data');
  }

  /** A block that does not get to the disk after all leaves the counts unequal, and the file is hashed at the end. */
  #hash(block: Uint8Array): void {
    this.#digester.update(block);
    this.#hashed += block.length;
  }

  async #digest(file: FileHandle, algorithm: Algorithm): Promise<Digest> {
    // A write that failed may have left a tail that was never told to the client.
    await file.truncate(this.#size);
    // Hashed as it came, if all of it came to this process and the client told the algorithm in time.
    if (algorithm === this.#algorithm && this.#hashed === this.#size) return this.#digester.digest();
    const digester = createDigester(algorithm);
    for await (const chunk of createReadStream(this.#data, { highWaterMark: 1 << 20 })) digester.update(chunk);
    return digester.digest();
  }
}
