/** Uploads into the store. They live as long as the process; a client whose upload is unknown starts it anew. */

import { SealerError } from '../../../error.ts';
import { algorithmOf, type Digest } from '../../../oci/digest.ts';
import type { Ingest, Store } from '../../../oci/store/index.ts';
import { type OpenBody, SingleAppend } from '../single-append.ts';
import type { Upload } from '../storage.ts';

/** An upload on which nothing moved for an hour is given up, so that its file is freed. */
const ABANDONED_MS = 3600_000;

export class StoreUpload implements Upload {
  readonly id: string;
  readonly #store: Store;
  readonly #ingest: Ingest;
  readonly #onEnd: (digest: Digest | undefined) => void;
  readonly #appending = new SingleAppend();
  readonly #abandoned: NodeJS.Timeout;
  #size = 0;

  /** @param onEnd told when the upload is over, with the digest of what is in the store now if it succeeded */
  constructor(id: string, store: Store, ingest: Ingest, onEnd: (digest: Digest | undefined) => void) {
    this.id = id;
    this.#store = store;
    this.#ingest = ingest;
    this.#onEnd = onEnd;
    this.#abandoned = setTimeout(() => void this.cancel(), ABANDONED_MS).unref();
  }

  get size(): number {
    return this.#size;
  }

  async interrupt(): Promise<void> {
    await this.#appending.interrupt();
  }

  async append(body: OpenBody): Promise<void> {
    await this.#appending.run(body, async (chunks) => {
      for await (const chunk of chunks) {
        await this.#ingest.write(chunk);
        this.#size += chunk.length;
        this.#abandoned.refresh();
      }
    });
    this.#abandoned.refresh();
  }

  async commit(digest: Digest): Promise<void> {
    clearTimeout(this.#abandoned);
    await this.interrupt();
    let stored: Digest | undefined;
    try {
      const { digest: sha256 } = await this.#ingest.commit();
      if (algorithmOf(digest) === 'sha512') await this.#storeAgain(sha256, digest);
      else if (sha256 !== digest) throw new SealerError('DIGEST_MISMATCH', `The upload is ${sha256}, not ${digest}`);
      stored = digest;
    } finally {
      await this.#end(stored);
    }
  }

  async cancel(): Promise<void> {
    await this.interrupt();
    await this.#end(undefined);
  }

  async #end(digest: Digest | undefined): Promise<void> {
    clearTimeout(this.#abandoned);
    this.#onEnd(digest);
    await this.#ingest[Symbol.asyncDispose]();
  }

  /** The store keeps content under one digest; what is asked for by sha512, which is rare, is kept under that, too. */
  async #storeAgain(sha256: Digest, sha512: Digest): Promise<void> {
    await using ingest = await this.#store.ingest({ digest: sha512, size: this.#size });
    if (ingest.offset > 0) await ingest.restart();
    for await (const chunk of await this.#store.read(sha256)) await ingest.write(chunk);
    await ingest.commit();
  }
}
