/** What a registry has of a base image: its revisions, and what each platform of it was made of. */

import { SealerError } from '../error.ts';
import type { Digest } from '../oci/digest.ts';
import { formatPlatform } from '../oci/platform.ts';
import { parseRepository } from '../oci/reference.ts';
import type { RegistryClient } from '../registry/client/index.ts';
import { INPUTS_ANNOTATION } from './inputs-digest.ts';

export interface PublishedImage {
  /** Of the index. */
  readonly digest: Digest;
  /** By platform. */
  readonly platforms: ReadonlyMap<string, PublishedPlatform>;
}

export interface PublishedPlatform {
  /** Of the manifest. */
  readonly digest: Digest;
  /** What its annotation says; undefined for an image that has none. */
  readonly inputs: string | undefined;
}

type Reader = Pick<RegistryClient, 'document' | 'tags'>;

/**
 * All tags of a repository; none where there is no such repository yet. Registries hide what one may not see: a repository
 * that was never pushed to is as well UNAUTHORIZED or DENIED (ghcr.io), and then the push tells what is wrong.
 * @param repository `ghcr.io/sealer/k3s`
 * @throws SealerError REGISTRY_UNREACHABLE and others of the client
 */
export async function publishedTags(client: Reader, repository: string): Promise<ReadonlySet<string>> {
  const tags = new Set<string>();
  try {
    for await (const tag of client.tags(parseRepository(repository))) tags.add(tag);
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
  return tags;
}

/**
 * Reads what a tag stands for; undefined where there is nothing.
 * @throws SealerError INVALID_MANIFEST and others of the client
 */
export async function publishedImage(
  client: Reader,
  repository: string,
  tag: string,
): Promise<PublishedImage | undefined> {
  const place = parseRepository(repository);
  try {
    const top = await client.document({ ...place, tag });
    if (top.kind !== 'index') return { digest: top.descriptor.digest, platforms: new Map() };
    const platforms = new Map<string, PublishedPlatform>();
    for (const { digest, platform } of top.index.manifests) {
      if (platform === undefined) continue;
      const document = await client.document({ ...place, digest });
      const content = document.kind === 'manifest' ? document.manifest : document.index;
      platforms.set(formatPlatform(platform), { digest, inputs: content.annotations?.[INPUTS_ANNOTATION] });
    }
    return { digest: top.descriptor.digest, platforms };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}

/** The number behind `TAG-r` that comes next: 1 for the first. */
export function nextRevision(tags: Iterable<string>, tag: string): number {
  const numbers = [...tags].map((each) => (each.startsWith(`${tag}-r`) ? each.slice(tag.length + 2) : ''));
  return 1 + Math.max(0, ...numbers.filter((text) => /^[1-9]\d{0,8}$/.test(text)).map(Number));
}

function isAbsent(error: unknown): boolean {
  return error instanceof SealerError && ['IMAGE_NOT_FOUND', 'UNAUTHORIZED', 'DENIED'].includes(error.code);
}
