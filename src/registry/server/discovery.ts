/** What there is: end-8 (tags), end-12 (referrers), and distribution's catalog. */

import type { Descriptor } from '../../oci/descriptor.ts';
import type { Digest } from '../../oci/digest.ts';
import { parseDocument } from '../../oci/manifest.ts';
import { OCI_INDEX } from '../../oci/media-types.ts';
import { ApiError } from './api-error.ts';
import { answerJson, type Exchange, refuseMethod } from './exchange.ts';
import { linkTo, pageOf } from './paging.ts';

/** A page of referrers ends after so many, or when it would outgrow what clients take as a manifest. */
const REFERRERS_PER_PAGE = 1000;
const REFERRERS_BYTES = 2 * 1024 * 1024;

/** Answers `/v2/_catalog`. */
export async function handleCatalog(exchange: Exchange): Promise<void> {
  requireRead(exchange);
  const { items, next } = pageOf(await exchange.storage.repositories(exchange.origin), exchange.query);
  answerJson(exchange, { repositories: items }, linkTo(exchange.path, next));
}

/** Answers `/v2/<name>/tags/list`. */
export async function handleTags(exchange: Exchange, name: string, repository: string): Promise<void> {
  requireRead(exchange);
  if (!(await exchange.storage.hasRepository(repository))) {
    throw new ApiError('NAME_UNKNOWN', 'There is no such repository', { details: [{ name }] });
  }
  const { items, next } = pageOf(await exchange.storage.tags(repository), exchange.query);
  answerJson(exchange, { name, tags: items }, linkTo(exchange.path, next));
}

/** Answers `/v2/<name>/referrers/<digest>`: an index, empty when there are none, even of an unknown repository. */
export async function handleReferrers(exchange: Exchange, repository: string, subject: Digest): Promise<void> {
  requireRead(exchange);
  const { storage, query, path } = exchange;
  const artifactType = query.get('artifactType');
  const last = query.get('last') ?? '';
  const digests = (await storage.referrers(repository, subject)).filter((digest) => digest > last).toSorted();
  const manifests: Descriptor[] = [];
  let bytes = 0;
  let next: string | undefined;
  for (const digest of digests) {
    const descriptor = await describeReferrer(exchange, repository, digest);
    if (descriptor === undefined || (artifactType !== null && descriptor.artifactType !== artifactType)) continue;
    bytes += JSON.stringify(descriptor).length;
    const previous = manifests.at(-1);
    if (previous !== undefined && (manifests.length === REFERRERS_PER_PAGE || bytes > REFERRERS_BYTES)) {
      next = new URLSearchParams({
        ...(artifactType === null ? {} : { artifactType }),
        last: previous.digest,
      }).toString();
      break;
    }
    manifests.push(descriptor);
  }
  const headers = {
    ...linkTo(path, next),
    ...(artifactType === null ? {} : { 'OCI-Filters-Applied': 'artifactType' }),
  };
  answerJson(exchange, { schemaVersion: 2, mediaType: OCI_INDEX, manifests }, headers, OCI_INDEX);
}

/** distribution-spec, Listing Referrers: its artifactType, else its config's media type; and its annotations. */
async function describeReferrer(
  { storage }: Exchange,
  repository: string,
  digest: Digest,
): Promise<Descriptor | undefined> {
  const stored = await storage.manifest(repository, digest);
  if (stored === undefined) return undefined;
  const document = parseDocument(stored.bytes, stored.mediaType);
  const { artifactType, annotations } = document.kind === 'index' ? document.index : document.manifest;
  const fallback = document.kind === 'manifest' ? document.manifest.config.mediaType : undefined;
  const type = artifactType === undefined || artifactType === '' ? fallback : artifactType;
  return { mediaType: stored.mediaType, digest, size: stored.bytes.length, artifactType: type, annotations };
}

function requireRead({ method }: Exchange): void {
  if (method !== 'GET' && method !== 'HEAD') refuseMethod(method, 'GET', 'HEAD');
}
