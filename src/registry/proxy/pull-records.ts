/** What was asked for, by the names that a person knows: an index's manifests and an image's blobs belong to its name. */

import type { Digest } from '../../oci/digest.ts';
import type { Document } from '../../oci/manifest.ts';

/** That somebody pulled an image, or tried to. */
export interface Pull {
  /** The complete reference that was asked for: `docker.io/library/nginx:1.27`, or with `@sha256:…`. */
  readonly name: string;
  /** What it stands for; undefined where that was not found out. */
  readonly digest?: Digest;
  readonly outcome: 'served' | 'missing';
  /** Why it is missing: an error's code and message. */
  readonly reason?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** Keeps the names behind digests. */
export interface PullRecorder {
  /** The name that led to a document or blob of a repository; undefined for what nothing led to. */
  nameOf(repository: string, digest: Digest): string | undefined;
  /** Tells that a document was answered; what it consists of belongs to the name from now on. */
  served(name: string, repository: string, document: Document): void;
  /** Tells that something could not be had. */
  missing(name: string, reason: string): void;
}

/** More than any cluster pulls; the oldest go first. */
const LIMIT = 200_000;

/**
 * Makes a recorder.
 * @param onPull called once for each name and outcome
 */
export function pullRecorder(onPull: (pull: Pull) => void = () => {}): PullRecorder {
  const names = new Map<string, string>();
  const told = new Set<string>();

  const lead = (repository: string, digest: Digest, name: string): void => {
    const key = `${repository}@${digest}`;
    // Who comes first keeps it: a manifest of an index is that image's, also where somebody asks for it alone later.
    if (names.has(key)) return;
    forgetOldest(names);
    names.set(key, name);
  };
  const tell = (pull: Omit<Pull, 'at'>): void => {
    const key = `${pull.outcome} ${pull.name}`;
    if (told.has(key)) return;
    forgetOldest(told);
    told.add(key);
    onPull({ ...pull, at: Date.now() });
  };

  return {
    nameOf: (repository, digest) => names.get(`${repository}@${digest}`),
    served(name, repository, document) {
      lead(repository, document.descriptor.digest, name);
      for (const { digest } of contentOf(document)) lead(repository, digest, name);
      tell({ name, digest: document.descriptor.digest, outcome: 'served' });
    },
    missing: (name, reason) => tell({ name, outcome: 'missing', reason }),
  };
}

function contentOf(document: Document) {
  return document.kind === 'index' ? document.index.manifests : [document.manifest.config, ...document.manifest.layers];
}

function forgetOldest(collection: Map<string, unknown> | Set<string>): void {
  const [oldest] = collection.keys();
  if (oldest !== undefined && collection.size >= LIMIT) collection.delete(oldest);
}
