/** What lies where in a store. `oci-layout`, `index.json` and `blobs` are the OCI image layout; the rest is our own. */

import { join } from 'node:path';
import { type Algorithm, algorithmOf, type Digest, hexOf } from '../digest.ts';

export const ALGORITHMS: readonly Algorithm[] = ['sha256', 'sha512'];

export interface StorePaths {
  readonly root: string;
  readonly layout: string;
  readonly index: string;
  readonly blobs: string;
  /** One file per name: the truth that `index.json` is derived from. */
  readonly refs: string;
  /** Where content lies that is embedded in a larger blob. */
  readonly aliases: string;
  /** Blobs and other files while they are written. */
  readonly ingest: string;
  /** One file per process that writes. */
  readonly leases: string;
  /** Temporary folders. */
  readonly scratch: string;
  readonly cache: string;
  /** Blobs that a prune is about to delete. */
  readonly trash: string;
  /** Boots in which blobs were written without fsync. */
  readonly unsynced: string;
}

/** The paths of a store at `root`. */
export function pathsOf(root: string): StorePaths {
  const below = (name: string) => join(root, name);
  return {
    root,
    layout: below('oci-layout'),
    index: below('index.json'),
    blobs: below('blobs'),
    refs: below('refs'),
    aliases: below('aliases'),
    ingest: below('ingest'),
    leases: below('leases'),
    scratch: below('scratch'),
    cache: below('cache'),
    trash: below('trash'),
    unsynced: below('unsynced'),
  };
}

/** The file of a blob: `blobs/<algorithm>/<hex>` (image-spec 1.1.1, image-layout.md). */
export function blobPath(paths: StorePaths, digest: Digest): string {
  return join(paths.blobs, algorithmOf(digest), hexOf(digest));
}

/** The file that says where embedded content lies. */
export function aliasPath(paths: StorePaths, digest: Digest): string {
  return join(paths.aliases, algorithmOf(digest), hexOf(digest));
}
