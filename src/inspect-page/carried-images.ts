/** The container images in a cluster image, with what only their own manifests and configs tell: blobs, licences. */

import { createReadStream } from 'node:fs';
import { bundleStorage } from '../cluster-image/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import { type Document, type ImageManifest, MAX_MANIFEST_BYTES, parseDocument } from '../oci/manifest.ts';
import { parseReference } from '../oci/reference.ts';
import type { Store } from '../oci/store/index.ts';
import type { RegistryStorage, StoredBlob } from '../registry/server/index.ts';

/** A container image that a cluster image carries. */
export interface CarriedContent {
  /** Complete. */
  readonly name: string;
  readonly digest: Digest;
  /** Bytes of all its content. */
  readonly bytes: number;
  /** All of it by digest, documents included, with sizes in bytes. */
  readonly blobs: ReadonlyMap<Digest, number>;
  /** `org.opencontainers.image.licenses`, an SPDX expression; empty where it says none. */
  readonly license: string;
}

/**
 * Reads what the layers carry.
 * @throws SealerError IMAGE_NOT_FOUND when a layer is not in the store; DIGEST_MISMATCH, CORRUPT_ARCHIVE, UNSAFE_ARCHIVE,
 *   ARCHIVE_TOO_LARGE
 */
export async function readCarriedImages(
  store: Store,
  manifest: ImageManifest,
  signal: AbortSignal | undefined,
): Promise<readonly CarriedContent[]> {
  const storage = await bundleStorage({ store, manifest, signal });
  try {
    const carried: CarriedContent[] = [];
    for (const { name, digest, bytes } of storage.images) {
      const { registry, repository } = parseReference(name);
      carried.push({ name, digest, bytes, ...(await contentOf(storage, `${registry}/${repository}`, digest)) });
    }
    return carried;
  } finally {
    await storage.close?.();
  }
}

async function contentOf(storage: RegistryStorage, repository: string, root: Digest) {
  const blobs = new Map<Digest, number>();
  let license = '';
  const open: Digest[] = [root];
  for (let digest = open.pop(); digest !== undefined; digest = open.pop()) {
    const document = blobs.has(digest) ? undefined : await documentOf(storage, repository, digest);
    if (document === undefined) continue;
    blobs.set(digest, document.bytes.byteLength);
    if (document.kind === 'index') {
      open.push(...document.index.manifests.map((each) => each.digest));
      license ||= document.index.annotations?.[LICENSES] ?? '';
      continue;
    }
    const { config, layers, annotations } = document.manifest;
    for (const blob of [config, ...layers]) blobs.set(blob.digest, blob.size);
    license ||= annotations?.[LICENSES] ?? (await licenseOf(storage, repository, config));
  }
  return { blobs, license };
}

/** image-spec 1.1.1, annotations.md; as a label, of the config. */
const LICENSES = 'org.opencontainers.image.licenses';

async function documentOf(storage: RegistryStorage, repository: string, digest: Digest): Promise<Document | undefined> {
  const found = await storage.manifest(repository, digest);
  return found === undefined ? undefined : parseDocument(Buffer.from(found.bytes), found.mediaType);
}

async function licenseOf(storage: RegistryStorage, repository: string, config: Descriptor): Promise<string> {
  const blob = await storage.blob(repository, config.digest);
  // Its own size: what the manifest says of it may be anything.
  if (blob === undefined || blob.size > MAX_MANIFEST_BYTES) return '';
  try {
    const text = (await bytesOf(blob)).toString('utf8');
    const license: unknown = JSON.parse(text)?.config?.Labels?.[LICENSES];
    return typeof license === 'string' ? license : '';
  } catch (error) {
    // An artifact's config is not of an image, and need not be JSON.
    if (error instanceof SyntaxError) return '';
    throw error;
  }
}

async function bytesOf(blob: StoredBlob): Promise<Buffer> {
  const end = blob.size - 1;
  const chunks: Buffer[] = [];
  const stream = 'file' in blob ? createReadStream(blob.file) : await blob.open({ start: 0, end });
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}
