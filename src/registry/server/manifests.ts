/** Manifests: end-3 (pull), end-7 (push) and end-9 (delete). */

import { algorithmOf, type Digest, digestOf } from '../../oci/digest.ts';
import { ApiError } from './api-error.ts';
import { receiveAll } from './body.ts';
import { answer, type Exchange, isNotModified, refuseMethod } from './exchange.ts';
import { checkManifest } from './manifest-check.ts';
import { checkTag, type ManifestReference } from './route.ts';

/** Answers `/v2/<name>/manifests/<tag-or-digest>`. */
export async function handleManifest(
  exchange: Exchange,
  name: string,
  repository: string,
  reference: ManifestReference,
): Promise<void> {
  switch (exchange.method) {
    case 'GET':
    case 'HEAD':
      return sendManifest(exchange, repository, reference);
    case 'PUT':
      return putManifest(exchange, name, repository, reference);
    case 'DELETE':
      return deleteManifest(exchange, repository, reference);
    default:
      return refuseMethod(exchange.method, 'GET', 'HEAD', 'PUT', 'DELETE');
  }
}

async function sendManifest(exchange: Exchange, repository: string, reference: ManifestReference): Promise<void> {
  const { storage, response } = exchange;
  const digest = 'digest' in reference ? reference.digest : await storage.resolve(repository, reference.tag);
  const manifest = digest === undefined ? undefined : await storage.manifest(repository, digest);
  if (manifest === undefined) throw unknown(reference);
  const etag = `"${manifest.digest}"`;
  const headers = { 'Content-Type': manifest.mediaType, 'Docker-Content-Digest': manifest.digest, ETag: etag };
  if (isNotModified(exchange, etag)) return answer(exchange, 304, headers);
  // A HEAD tells the length of what a GET would send.
  if (exchange.method === 'GET') return answer(exchange, 200, headers, manifest.bytes);
  response.writeHead(200, { ...headers, 'Content-Length': manifest.bytes.length }).end();
}

async function putManifest(
  exchange: Exchange,
  name: string,
  repository: string,
  reference: ManifestReference,
): Promise<void> {
  const { request, storage, limits, query, acceptMissingBlobs } = exchange;
  const extraTags = query.getAll('tag').map(checkTag);
  const bytes = await receiveAll(exchange, limits.manifestBytes);
  const digest = digestFor(bytes, reference);
  const contentType = request.headers['content-type'];
  const { mediaType, subject } = await checkManifest(bytes, contentType, storage, repository, acceptMissingBlobs);
  // Tags as parameters go with a push by digest (end-7b).
  const tags = 'tag' in reference ? [reference.tag] : [...new Set(extraTags)];
  await storage.putManifest(repository, { digest, mediaType, bytes }, tags);
  answer(exchange, 201, {
    Location: `/v2/${name}/manifests/${digest}`,
    'Docker-Content-Digest': digest,
    ...(subject === undefined ? {} : { 'OCI-Subject': subject }),
    ...('digest' in reference && tags.length > 0 ? { 'OCI-Tag': tags } : {}),
  });
}

function digestFor(bytes: Buffer, reference: ManifestReference): Digest {
  if ('tag' in reference) return digestOf(bytes);
  const actual = digestOf(bytes, algorithmOf(reference.digest));
  if (actual === reference.digest) return actual;
  throw new ApiError('DIGEST_INVALID', 'The manifest is not what its digest says', { details: [reference.digest] });
}

async function deleteManifest(exchange: Exchange, repository: string, reference: ManifestReference): Promise<void> {
  const { storage } = exchange;
  const deletion =
    'tag' in reference
      ? await storage.deleteTag(repository, reference.tag)
      : await storage.deleteManifest(repository, reference.digest);
  if (deletion === 'unknown') throw unknown(reference);
  if (deletion === 'in-use') throw new ApiError('UNSUPPORTED', 'An index of the repository needs this manifest');
  answer(exchange, 202);
}

function unknown(reference: ManifestReference): ApiError {
  return new ApiError('MANIFEST_UNKNOWN', 'The repository has no such manifest', { details: [reference] });
}
