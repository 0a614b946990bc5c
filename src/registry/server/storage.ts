/** What the registry serves from: repositories of tags, manifests and blobs. The HTTP side knows nothing else of it. */

import type { Readable } from 'node:stream';
import type { Digest } from '../../oci/digest.ts';
import type { OpenBody } from './single-append.ts';

/** Repositories kept somewhere. All names and digests that come in are checked already. */
export interface RegistryStorage {
  /** Nothing can be written: pushes and deletions get 405. */
  readonly readOnly?: boolean | undefined;

  /**
   * The storage's own name for the repository that a request speaks of. Every other `repository` here is such a name.
   * @param name the `<name>` of the URL
   */
  locate(name: string, origin: Origin, intent: 'read' | 'write'): Promise<string>;
  /** Repositories as they are addressed at this host, sorted by code unit. */
  repositories(origin: Origin): Promise<readonly string[]>;
  hasRepository(repository: string): Promise<boolean>;

  /** Sorted by code unit. */
  tags(repository: string): Promise<readonly string[]>;
  resolve(repository: string, tag: string): Promise<Digest | undefined>;
  manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined>;
  /** Keeps a manifest, points the tags to it. Its bytes are checked against the digest. */
  putManifest(repository: string, manifest: StoredManifest, tags: readonly string[]): Promise<void>;
  deleteTag(repository: string, tag: string): Promise<Deletion>;
  /** Removes a manifest and the tags that point to it. */
  deleteManifest(repository: string, digest: Digest): Promise<Deletion>;
  /** The manifests of a repository whose `subject` is this digest, in no order. */
  referrers(repository: string, subject: Digest): Promise<readonly Digest[]>;

  blob(repository: string, digest: Digest): Promise<StoredBlob | undefined>;
  /** Makes a blob of any repository one of this repository too; false when there is none. */
  mount(repository: string, digest: Digest): Promise<boolean>;
  deleteBlob(repository: string, digest: Digest): Promise<Deletion>;

  /** @param algorithm what the client says the digest will be made of */
  startUpload(repository: string, algorithm: 'sha256' | 'sha512'): Promise<Upload>;
  upload(repository: string, id: string): Promise<Upload | undefined>;

  /** Lets go of what is open. Uploads that the storage can resume stay. */
  close?(): Promise<void>;
}

/** Where a request was addressed to. */
export interface Origin {
  /** The client's Host header: `localhost:5000`. */
  readonly host: string;
  /** The registry whose mirror we are (`?ns=docker.io`, as containerd asks). */
  readonly namespace?: string | undefined;
}

export interface StoredManifest {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

/** A blob: a file of its own, which is served fastest, or what a stream gives. */
export type StoredBlob = {
  /** Bytes. */
  readonly size: number;
} & (
  | { readonly file: string }
  /** Both ends are included. */
  | { readonly open: (range: { readonly start: number; readonly end: number }) => Promise<Readable> }
);

/** `in-use`: other content of the repository needs it, and the storage cannot forget it without breaking that. */
export type Deletion = 'deleted' | 'unknown' | 'in-use';

/** A blob on its way in (distribution-spec: upload session). */
export interface Upload {
  readonly id: string;
  /** Bytes that arrived. */
  readonly size: number;
  /** Cuts off a body that is still being appended, and waits for its end: its sender has given up on it. */
  interrupt(): Promise<void>;
  /** Appends a body. What arrived of it stays when it breaks off. One at a time. */
  append(body: OpenBody): Promise<void>;
  /**
   * Makes the blob one of the repository. The session is over, whatever comes.
   * @throws SealerError DIGEST_MISMATCH
   */
  commit(digest: Digest): Promise<void>;
  cancel(): Promise<void>;
}
