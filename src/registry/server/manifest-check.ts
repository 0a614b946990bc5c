/** What a manifest must be to be taken (distribution-spec 1.1.1, Pushing Manifests; image-spec 1.1.1). */

import { SealerError } from '../../error.ts';
import { checkDescriptor, type Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { type Document, type ImageManifest, parseDocument } from '../../oci/manifest.ts';
import { isIndexType, isManifestType, isNondistributable } from '../../oci/media-types.ts';
import { ApiError } from './api-error.ts';
import type { RegistryStorage } from './storage.ts';

export interface CheckedManifest {
  readonly mediaType: string;
  /** What it refers to; it need not be there (yet). */
  readonly subject: Digest | undefined;
}

/**
 * Checks a manifest on its way in. The blobs of an image manifest have to be in the repository, but for layers that
 * registries must not distribute (the spec lets a registry choose). The manifests of an index need not: an image that was copied for one platform only
 * keeps its upstream index, and so its digest.
 * @param contentType the request's; parameters are ignored
 * @param acceptMissing takes an image manifest without its blobs as well
 * @throws ApiError MANIFEST_INVALID, MANIFEST_BLOB_UNKNOWN with every missing blob
 */
export async function checkManifest(
  bytes: Buffer,
  contentType: string | undefined,
  storage: RegistryStorage,
  repository: string,
  acceptMissing: boolean,
): Promise<CheckedManifest> {
  const document = parse(bytes, contentType);
  const { mediaType } = document.descriptor;
  if (!isIndexType(mediaType) && !isManifestType(mediaType)) {
    throw new ApiError('MANIFEST_INVALID', 'The Content-Type is not of an image manifest or index');
  }
  if (document.kind === 'manifest' && !acceptMissing) await requireBlobs(document.manifest, storage, repository);
  return { mediaType, subject: subjectOf(document) };
}

/** The digest of a document's `subject`, undefined when it has none (that is well-formed). */
export function subjectOf(document: Document): Digest | undefined {
  const { subject } = document.kind === 'index' ? document.index : document.manifest;
  if (subject === undefined || subject === null) return undefined;
  try {
    return checkDescriptor(subject, 'subject').digest;
  } catch (error) {
    throw invalid(error);
  }
}

function parse(bytes: Buffer, contentType: string | undefined): Document {
  try {
    return parseDocument(bytes, contentType);
  } catch (error) {
    throw invalid(error);
  }
}

async function requireBlobs(manifest: ImageManifest, storage: RegistryStorage, repository: string): Promise<void> {
  const needed = [manifest.config, ...manifest.layers.filter((layer) => !isNondistributable(layer.mediaType))];
  const missing: Pick<Descriptor, 'digest' | 'mediaType'>[] = [];
  for (const { digest, mediaType } of needed) {
    // A blob of another repository here is taken as mounted: a client that saw it there need not send it again.
    const isHere = (await storage.blob(repository, digest)) !== undefined || (await storage.mount(repository, digest));
    if (!isHere) missing.push({ digest, mediaType });
  }
  if (missing.length === 0) return;
  throw new ApiError('MANIFEST_BLOB_UNKNOWN', 'The manifest names a blob that the repository does not have', {
    details: missing,
  });
}

function invalid(error: unknown): unknown {
  if (!(error instanceof SealerError)) return error;
  return new ApiError('MANIFEST_INVALID', error.message);
}
