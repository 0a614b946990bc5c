/** Content that was pushed to a repository in this process, and that no name leads to (yet). */

import type { Digest } from '../../../oci/digest.ts';

/** A client that pushes so much without one manifest has lost its way; the oldest is forgotten. */
const LIMIT = 100_000;

/** A set of (repository, digest). */
export class Links {
  readonly #links = new Set<string>();

  add(repository: string, digest: Digest): void {
    const [oldest] = this.#links;
    if (oldest !== undefined && this.#links.size >= LIMIT) this.#links.delete(oldest);
    this.#links.add(`${repository}@${digest}`);
  }

  has(repository: string, digest: Digest): boolean {
    return this.#links.has(`${repository}@${digest}`);
  }

  /** Whether it was there. */
  delete(repository: string, digest: Digest): boolean {
    return this.#links.delete(`${repository}@${digest}`);
  }

  hasAny(repository: string): boolean {
    for (const link of this.#links) if (link.startsWith(`${repository}@`)) return true;
    return false;
  }

  of(repository: string): Digest[] {
    const found: Digest[] = [];
    // The cast undoes what add() put together.
    for (const link of this.#links) {
      if (link.startsWith(`${repository}@`)) found.push(link.slice(repository.length + 1) as Digest);
    }
    return found;
  }
}
