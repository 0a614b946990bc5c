/** The documents that were read last, so that walking a graph twice does not read and parse it twice. */

import type { Digest } from '../digest.ts';
import type { Document } from '../manifest.ts';

/** Parsed JSON takes a few times its bytes, and all of us have 256 MB. */
const MAX_BYTES = 8 * 1024 * 1024;

export class DocumentCache {
  readonly #documents = new Map<Digest, Document>();
  #bytes = 0;

  get(digest: Digest): Document | undefined {
    const document = this.#documents.get(digest);
    if (document !== undefined) {
      // A Map keeps the order of insertion: the least recently used comes first.
      this.#documents.delete(digest);
      this.#documents.set(digest, document);
    }
    return document;
  }

  set(digest: Digest, document: Document): void {
    if (this.#documents.has(digest)) return;
    this.#documents.set(digest, document);
    this.#bytes += document.bytes.byteLength;
    for (const [oldest, { bytes }] of this.#documents) {
      if (this.#bytes <= MAX_BYTES) break;
      this.#documents.delete(oldest);
      this.#bytes -= bytes.byteLength;
    }
  }
}
