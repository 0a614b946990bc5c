/** What the store knows about an image: its attestations, read by what they are and not by what a list calls them. */

import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { knownReferrers, type Store } from '../../oci/store/index.ts';
import { MAX_BUNDLE_BYTES } from '../envelope/bundle.ts';

export interface Attached {
  /** Of its manifest. */
  readonly digest: Digest;
  readonly subject: Digest;
  /** What it is, as its manifest says it. */
  readonly type: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Its only content. */
  readonly content: Descriptor;
}

/**
 * The attestations of some digests, in the order of their digests. A list of referrers may call a manifest what it likes
 * (cosign writes the type of the empty config into the fallback tag), so each manifest is read. What is no artifact of one layer
 * is left out.
 */
export async function attachedTo(store: Store, subjects: readonly Digest[]): Promise<readonly Attached[]> {
  const known = await knownReferrers(store);
  const found: Attached[] = [];
  for (const subject of new Set(subjects)) {
    const manifests = (known.get(subject) ?? []).toSorted((a, b) => (a.digest < b.digest ? -1 : 1));
    for (const { digest } of manifests) found.push(...(await readAttached(store, digest, subject)));
  }
  return found;
}

/**
 * The content of an attestation, its digest checked.
 * @throws SealerError IMAGE_NOT_FOUND, DIGEST_MISMATCH, INVALID_MANIFEST if it is too large
 */
export async function contentOf(store: Store, { content }: Attached): Promise<Buffer> {
  return await store.bytes(content.digest, MAX_BUNDLE_BYTES);
}

async function readAttached(store: Store, digest: Digest, subject: Digest): Promise<readonly Attached[]> {
  const document = await store.document(digest);
  if (document.kind !== 'manifest' || document.manifest.subject?.digest !== subject) return [];
  const { artifactType, config, layers, annotations = {} } = document.manifest;
  const [content, ...others] = layers;
  if (content === undefined || others.length > 0) return [];
  return [{ digest, subject, type: artifactType ?? config.mediaType, annotations, content }];
}
