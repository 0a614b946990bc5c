/** Which manifests refer to which: `subject` fields, read once per manifest. */

import type { Digest } from '../../oci/digest.ts';
import { parseDocument } from '../../oci/manifest.ts';
import { subjectOf } from './manifest-check.ts';
import type { StoredManifest } from './storage.ts';

/** Enough for a large registry; a digest each way. Beyond it, the oldest are read again when they are asked for. */
const REMEMBERED = 50_000;

/** Remembers subjects by digest, which is safe for ever: what is under a digest does not change. */
export class Subjects {
  readonly #known = new Map<Digest, Digest | undefined>();

  /** Those of the digests whose manifest has this subject. */
  async select(
    digests: Iterable<Digest>,
    subject: Digest,
    read: (digest: Digest) => Promise<StoredManifest | undefined>,
  ): Promise<Digest[]> {
    const found: Digest[] = [];
    for (const digest of digests) if ((await this.#subjectOf(digest, read)) === subject) found.push(digest);
    return found;
  }

  async #subjectOf(
    digest: Digest,
    read: (digest: Digest) => Promise<StoredManifest | undefined>,
  ): Promise<Digest | undefined> {
    if (this.#known.has(digest)) return this.#known.get(digest);
    const manifest = await read(digest);
    // Absent now may be present later.
    if (manifest === undefined) return undefined;
    const subject = parseSubject(manifest);
    const [oldest] = this.#known.keys();
    if (oldest !== undefined && this.#known.size >= REMEMBERED) this.#known.delete(oldest);
    this.#known.set(digest, subject);
    return subject;
  }
}

/** Content that others put there may be no manifest at all; then it refers to nothing. */
function parseSubject(manifest: StoredManifest): Digest | undefined {
  try {
    return subjectOf(parseDocument(manifest.bytes, manifest.mediaType));
  } catch {
    return undefined;
  }
}
