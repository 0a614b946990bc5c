/** Attestations as referrers: manifests of their own that name what they are about (image-spec 1.1, `subject`). */

import type { Descriptor } from '../../oci/descriptor.ts';
import { digestOf } from '../../oci/digest.ts';
import { type ImageManifest, serialize } from '../../oci/manifest.ts';
import { OCI_MANIFEST } from '../../oci/media-types.ts';
import type { Store } from '../../oci/store/index.ts';

export interface Attachment {
  /** What it is; also the media type of its only layer. */
  readonly type: string;
  readonly bytes: Buffer;
  /** The name of the file that `oras pull` makes of it. */
  readonly title?: string | undefined;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
}

/** image-spec 1.1, manifest.md#guidance-for-an-empty-descriptor */
const EMPTY = Buffer.from('{}');
const EMPTY_TYPE = 'application/vnd.oci.empty.v1+json';
const TITLE_ANNOTATION = 'org.opencontainers.image.title';

/**
 * Puts an attestation into the store, where push, save and prune find it by its subject. The index of the image stays as
 * it is: no `unknown/unknown` platform, no other digest.
 * @returns its manifest
 */
export async function attach(
  store: Store,
  subject: Descriptor,
  { type, bytes, title, annotations }: Attachment,
): Promise<Descriptor> {
  await store.add(EMPTY, EMPTY_TYPE);
  const layer = await store.add(bytes, type);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    artifactType: type,
    config: { mediaType: EMPTY_TYPE, digest: digestOf(EMPTY), size: EMPTY.length },
    layers: [{ ...layer, ...(title === undefined ? {} : { annotations: { [TITLE_ANNOTATION]: title } }) }],
    subject: { mediaType: subject.mediaType, digest: subject.digest, size: subject.size },
    ...(annotations === undefined ? {} : { annotations }),
  };
  return await store.add(serialize(manifest), OCI_MANIFEST);
}
