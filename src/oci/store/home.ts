/** What the parts of an open store share: its paths, its lease, and which blobs it relies on. */

import { unlink, utimes } from 'node:fs/promises';
import type { Digest } from '../digest.ts';
import { statIfThere } from './blob-list.ts';
import { markUnsynced } from './durability.ts';
import { type Lease, takeLease } from './lease.ts';
import { blobPath, type StorePaths } from './paths.ts';

export class Home implements AsyncDisposable {
  readonly paths: StorePaths;
  /** Whether each blob has to be synced, because a crash could not be noticed later (durability.ts). */
  readonly syncsBlobs: boolean;
  readonly #boot: string | undefined;
  readonly #reliedOn = new Set<Digest>();
  #lease: Promise<Lease> | undefined;
  #marked: Promise<void> | undefined;

  constructor(paths: StorePaths, boot: string | undefined) {
    this.paths = paths;
    this.#boot = boot;
    this.syncsBlobs = boot === undefined;
  }

  /** To be awaited before anything is written: from here on a prune knows of us, and so does who opens after a crash. */
  async beforeWriting(): Promise<void> {
    await this.#takeLease();
    if (this.#boot === undefined) return;
    this.#marked ??= markUnsynced(this.paths, this.#boot);
    await this.#marked;
  }

  /**
   * The size of a blob, and its time set to now, so that no prune takes it away while we rely on it. Once per blob and
   * open store; a store that cannot be written to cannot be pruned either.
   */
  async rely(digest: Digest): Promise<number | undefined> {
    const file = blobPath(this.paths, digest);
    const stats = await statIfThere(file);
    if (stats === undefined || !stats.isFile()) return undefined;
    if (this.#reliedOn.has(digest)) return stats.size;
    const lease = await this.#takeLease().catch(() => undefined);
    if (lease !== undefined && stats.mtimeMs < lease.since) {
      const now = new Date();
      const touched = await utimes(file, now, now).then(
        () => true,
        (error) => error.code !== 'ENOENT', // a prune was faster
      );
      if (!touched) return undefined;
    }
    this.#reliedOn.add(digest);
    return stats.size;
  }

  /** Removes a blob that is not what its name says. */
  async dropBlob(digest: Digest): Promise<void> {
    this.#reliedOn.delete(digest);
    await unlink(blobPath(this.paths, digest)).catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const lease = await this.#lease?.catch(() => undefined);
    this.#lease = undefined;
    await lease?.release();
  }

  #takeLease(): Promise<Lease> {
    this.#lease ??= takeLease(this.paths);
    return this.#lease;
  }
}
