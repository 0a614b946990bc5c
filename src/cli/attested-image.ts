/** An image with what there is to know about it: of the store, or of its registry if the store lacks it. */

import type { Attached } from '../attest/index.ts';
import type { Descriptor } from '../oci/descriptor.ts';
import type { Digest } from '../oci/digest.ts';
import type { Document } from '../oci/manifest.ts';
import { isManifestType } from '../oci/media-types.ts';
import { formatPlatform } from '../oci/platform.ts';
import { formatReference, isReference, parseReference, type Reference } from '../oci/reference.ts';
import { findImage } from './find-image.ts';
import type { Session } from './session.ts';

export interface AttestedImage {
  readonly name: string;
  readonly digest: Digest;
  /** Of an index: its manifests by platform. */
  readonly parts: readonly { readonly platform: string; readonly digest: Digest }[];
  /** Where its registry is asked. */
  readonly from: Reference | undefined;
}

/**
 * Finds an image.
 * @param remote ask the registry, whatever the store has
 * @throws SealerError IMAGE_NOT_FOUND, INVALID_REFERENCE, and what the registry throws
 */
export async function findAttested(
  { store, client }: Session,
  text: string,
  { remote, signal }: { readonly remote: boolean; readonly signal?: AbortSignal | undefined },
): Promise<AttestedImage & { readonly isHere: boolean }> {
  const here = remote && isReference(text) ? undefined : await findImage(store, text).catch(orRemote(text));
  if (here !== undefined) {
    const document = await store.document(here.descriptor.digest);
    const from = isReference(here.name) ? parseReference(here.name) : undefined;
    return { name: here.name, digest: here.descriptor.digest, parts: partsOf(document), from, isHere: true };
  }
  const from = parseReference(text);
  const document = await client.document(from, signal);
  const { digest } = document.descriptor;
  return { name: formatReference(from), digest, parts: partsOf(document), from, isHere: false };
}

/** Everything that is attached to an image or to a manifest of it. */
export async function attestationsOf(
  session: Session,
  image: AttestedImage & { readonly isHere: boolean },
  signal?: AbortSignal,
): Promise<readonly Attached[]> {
  const { store, client, report } = session;
  const subjects = [image.digest, ...image.parts.map(({ digest }) => digest)];
  if (!image.isHere && image.from !== undefined) {
    const { pullReferrers } = await import('../registry/client/index.ts');
    await pullReferrers(client, store, image.from, subjects, { signal, report });
  }
  const { attachedTo } = await import('../attest/index.ts');
  return await attachedTo(store, subjects);
}

/** What a subject is called: the platform, or nothing for the image as a whole. */
export function subjectName({ parts }: AttestedImage, subject: Digest): string {
  return parts.find(({ digest }) => digest === subject)?.platform ?? 'image';
}

function partsOf(document: Document): AttestedImage['parts'] {
  if (document.kind === 'manifest') return [];
  return document.index.manifests.flatMap(({ digest, mediaType, platform }: Descriptor) =>
    isManifestType(mediaType) && platform !== undefined && platform.os !== 'unknown'
      ? [{ platform: formatPlatform(platform), digest }]
      : [],
  );
}

/** What cannot be a name cannot be in a registry. */
function orRemote(text: string): (error: unknown) => undefined {
  return (error) => {
    if (isReference(text)) return undefined;
    throw error;
  };
}
