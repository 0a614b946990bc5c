/**
 * The folder of a CNCF distribution registry (`docker/registry/v2/…`), read and written. Debian's docker-registry can
 * serve the same folder before, after or beside us; so can the registry that a cluster image brings.
 *
 * Deleting takes links away. The blobs stay until `docker-registry garbage-collect` runs, as distribution does it.
 */

import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Algorithm, Digest } from '../../../oci/digest.ts';
import { MAX_MANIFEST_BYTES } from '../../../oci/manifest.ts';
import { isIndexType, isManifestType, OCI_INDEX, OCI_MANIFEST } from '../../../oci/media-types.ts';
import { isRepositoryPath } from '../../../oci/reference.ts';
import { BufferPool } from '../buffer-pool.ts';
import type { Deletion, Origin, RegistryStorage, StoredBlob, StoredManifest } from '../storage.ts';
import { Subjects } from '../subjects.ts';
import { type FolderUpload, resumeFolderUpload, startFolderUpload, type UploadPlace } from './folder-upload.ts';
import { type Layout, layoutOf } from './layout.ts';
import { ifThere, readLink, sweepTemporary, writeLink, writeWhole } from './link.ts';
import { folders, listDigests, listRepositories } from './walk.ts';

/** Uploads whose hash is kept as it grows; more than this at once are hashed again when they end. */
const OPEN_UPLOADS = 1000;

/**
 * Serves a folder.
 * @param root the folder that holds `docker/registry/v2`; made at the first push
 */
export function folderStorage(root: string): RegistryStorage {
  return new FolderStorage(layoutOf(root));
}

class FolderStorage implements RegistryStorage {
  readonly #layout: Layout;
  readonly #pool = new BufferPool();
  readonly #subjects = new Subjects();
  readonly #uploads = new Map<string, FolderUpload>();
  #swept: Promise<void> | undefined;

  constructor(layout: Layout) {
    this.#layout = layout;
  }

  /** containerd asks a mirror for `library/nginx?ns=docker.io`, and a folder may have it with or without the host. */
  async locate(name: string, { namespace }: Origin, intent: 'read' | 'write'): Promise<string> {
    if (namespace === undefined || intent === 'write') return name;
    // In a cluster image the repository of localhost:5000/app is localhost_5000/app: names have no colons.
    const qualified = `${namespace.toLowerCase().replace(/:(?=\d+$)/, '_')}/${name}`;
    return isRepositoryPath(qualified) && (await this.hasRepository(qualified)) ? qualified : name;
  }

  repositories(): Promise<readonly string[]> {
    return listRepositories(this.#layout.repositories);
  }

  async hasRepository(repository: string): Promise<boolean> {
    const entries = await folders(this.#layout.repository(repository));
    return entries.includes('_manifests') || entries.includes('_layers');
  }

  async tags(repository: string): Promise<readonly string[]> {
    const tags: string[] = [];
    for (const tag of await folders(this.#layout.tags(repository))) {
      // A tag that is being written or deleted has its folder but no link.
      if ((await this.resolve(repository, tag)) !== undefined) tags.push(tag);
    }
    return tags.sort();
  }

  resolve(repository: string, tag: string): Promise<Digest | undefined> {
    return readLink(this.#layout.tagLink(repository, tag));
  }

  async manifest(repository: string, digest: Digest): Promise<StoredManifest | undefined> {
    const linked = await readLink(this.#layout.revisionLink(repository, digest));
    if (linked === undefined) return undefined;
    const file = this.#layout.blob(linked);
    const info = await ifThere(stat(file));
    if (info === undefined || info.size > MAX_MANIFEST_BYTES) return undefined;
    const bytes = await ifThere(readFile(file));
    return bytes === undefined ? undefined : { digest: linked, bytes, mediaType: sniffMediaType(bytes) };
  }

  async putManifest(repository: string, manifest: StoredManifest, tags: readonly string[]): Promise<void> {
    const { digest, bytes } = manifest;
    const blob = this.#layout.blob(digest);
    if ((await ifThere(stat(blob)))?.size !== bytes.length) await writeWhole(this.#layout.temporary, blob, bytes);
    await this.#link(this.#layout.revisionLink(repository, digest), digest);
    for (const tag of tags) {
      await this.#link(this.#layout.tagHistoryLink(repository, tag, digest), digest);
      await this.#link(this.#layout.tagLink(repository, tag), digest);
    }
  }

  async deleteTag(repository: string, tag: string): Promise<Deletion> {
    if ((await this.resolve(repository, tag)) === undefined) return 'unknown';
    await rm(this.#layout.tag(repository, tag), { recursive: true, force: true, maxRetries: 3 });
    return 'deleted';
  }

  async deleteManifest(repository: string, digest: Digest): Promise<Deletion> {
    const link = this.#layout.revisionLink(repository, digest);
    if ((await readLink(link)) === undefined) return 'unknown';
    for (const tag of await this.tags(repository)) {
      if ((await this.resolve(repository, tag)) === digest) await this.deleteTag(repository, tag);
    }
    await rm(dirname(link), { recursive: true, force: true, maxRetries: 3 });
    return 'deleted';
  }

  async referrers(repository: string, subject: Digest): Promise<readonly Digest[]> {
    const revisions = await listDigests(this.#layout.revisions(repository));
    const candidates: Digest[] = [];
    // The subject of a revision is remembered, whether it is still linked is not.
    const found = await this.#subjects.select(revisions, subject, (digest) => this.manifest(repository, digest));
    for (const digest of found) {
      if ((await readLink(this.#layout.revisionLink(repository, digest))) !== undefined) candidates.push(digest);
    }
    return candidates;
  }

  async blob(repository: string, digest: Digest): Promise<StoredBlob | undefined> {
    const linked = await readLink(this.#layout.layerLink(repository, digest));
    if (linked === undefined) return undefined;
    const file = this.#layout.blob(linked);
    const info = await ifThere(stat(file));
    return info === undefined ? undefined : { file, size: info.size };
  }

  async mount(repository: string, digest: Digest): Promise<boolean> {
    if ((await ifThere(stat(this.#layout.blob(digest)))) === undefined) return false;
    await this.#link(this.#layout.layerLink(repository, digest), digest);
    return true;
  }

  async deleteBlob(repository: string, digest: Digest): Promise<Deletion> {
    if ((await this.blob(repository, digest)) === undefined) return 'unknown';
    const folder = dirname(this.#layout.layerLink(repository, digest));
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    return 'deleted';
  }

  async startUpload(repository: string, algorithm: Algorithm): Promise<FolderUpload> {
    this.#swept ??= sweepTemporary(this.#layout.temporary);
    await this.#swept;
    return this.#remember(repository, await startFolderUpload(this.#placeOf(repository, randomUUID()), algorithm));
  }

  async upload(repository: string, id: string): Promise<FolderUpload | undefined> {
    const key = `${repository}/${id}`;
    const open = this.#uploads.get(key);
    // The folder is the truth: an upload ends by its removal, here or by another process.
    if ((await ifThere(access(this.#layout.upload(repository, id), constants.F_OK).then(() => true))) === undefined) {
      this.#uploads.delete(key);
      return undefined;
    }
    if (open !== undefined) return open;
    const resumed = await resumeFolderUpload(this.#placeOf(repository, id));
    return resumed === undefined ? undefined : this.#remember(repository, resumed);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#uploads.values()].map((upload) => upload.interrupt()));
    this.#uploads.clear();
  }

  #remember(repository: string, upload: FolderUpload): FolderUpload {
    const [oldest] = this.#uploads.keys();
    if (oldest !== undefined && this.#uploads.size >= OPEN_UPLOADS) this.#uploads.delete(oldest);
    this.#uploads.set(`${repository}/${upload.id}`, upload);
    return upload;
  }

  #placeOf(repository: string, id: string): UploadPlace {
    return { layout: this.#layout, pool: this.#pool, repository, id };
  }

  #link(path: string, digest: Digest): Promise<void> {
    return writeLink(this.#layout.temporary, path, digest);
  }
}

/** The layout keeps no media types: the document says its own, or its shape does. */
function sniffMediaType(bytes: Buffer): string {
  try {
    const json: unknown = JSON.parse(bytes.toString('utf8'));
    if (typeof json !== 'object' || json === null) return OCI_MANIFEST;
    if ('mediaType' in json && typeof json.mediaType === 'string') {
      if (isIndexType(json.mediaType) || isManifestType(json.mediaType)) return json.mediaType;
    }
    return 'manifests' in json ? OCI_INDEX : OCI_MANIFEST;
  } catch {
    return OCI_MANIFEST;
  }
}
