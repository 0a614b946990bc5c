/** One body at a time for an upload, and the latest one wins. */

import { ApiError } from './api-error.ts';

/** Opens a body; it breaks off when the signal says so. */
export type OpenBody = (stop: AbortSignal) => AsyncIterable<Uint8Array>;

/**
 * Lets one body be appended at a time. A client whose connection broke comes back before we have noticed; what is left
 * of its first request must neither write on nor make it wait.
 */
export class SingleAppend {
  #current: { readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  /** Cuts off what is being appended and waits until it has ended. */
  async interrupt(): Promise<void> {
    this.#current?.stop.abort(new Error('Another request goes on with this upload'));
    await this.#current?.done;
  }

  /** @throws ApiError BLOB_UPLOAD_INVALID (409) when two come at once; what `write` throws */
  async run(open: OpenBody, write: (body: AsyncIterable<Uint8Array>) => Promise<void>): Promise<void> {
    if (this.#current !== undefined) {
      throw new ApiError('BLOB_UPLOAD_INVALID', 'Another request goes on with this upload', { status: 409 });
    }
    const stop = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    this.#current = { stop, done };
    try {
      await write(open(stop.signal));
    } finally {
      this.#current = undefined;
      resolve();
    }
  }
}
