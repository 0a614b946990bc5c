/** From a request's path to what it asks for (distribution-spec 1.1.1, endpoints). */

import { type Digest, isDigest } from '../../oci/digest.ts';
import { isRepositoryPath, isTag } from '../../oci/reference.ts';
import { ApiError } from './api-error.ts';

export type Route =
  /** end-1 */
  | { readonly kind: 'ping' }
  /** CNCF distribution's listing of repositories, which the spec does not have. */
  | { readonly kind: 'catalog' }
  /** end-2, end-10 */
  | { readonly kind: 'blob'; readonly name: string; readonly digest: Digest }
  /** end-4, end-11 */
  | { readonly kind: 'uploads'; readonly name: string }
  /** end-5, end-6, end-13, end-14 */
  | { readonly kind: 'upload'; readonly name: string; readonly id: string }
  /** end-3, end-7, end-9 */
  | { readonly kind: 'manifest'; readonly name: string; readonly reference: ManifestReference }
  /** end-8 */
  | { readonly kind: 'tags'; readonly name: string }
  /** end-12 */
  | { readonly kind: 'referrers'; readonly name: string; readonly digest: Digest };

export type ManifestReference = { readonly tag: string } | { readonly digest: Digest };

/**
 * Reads a path. Names, tags and digests are checked here, once: their grammars have no `..`, no `\` and no empty
 * segment, so nothing that passes can name a file outside the storage.
 * @param path with its percent-encoding, without query
 * @returns undefined for what is no endpoint at all
 * @throws ApiError NAME_INVALID, DIGEST_INVALID, MANIFEST_INVALID, BLOB_UPLOAD_UNKNOWN
 */
export function parseRoute(path: string): Route | undefined {
  const decoded = decode(path);
  if (decoded === '/v2' || decoded === '/v2/') return { kind: 'ping' };
  if (decoded === undefined || !decoded.startsWith('/v2/')) return undefined;
  const segments = decoded.slice('/v2/'.length).split('/');
  if (segments.length === 1) return segments[0] === '_catalog' ? { kind: 'catalog' } : undefined;
  const [last = '', second = '', third = ''] = segments.toReversed();
  const before = (count: number) => checkName(segments.slice(0, -count).join('/'));
  // Both POST …/uploads/ and …/uploads are in use. The longest endpoint wins over a repository that is called like one.
  if (third === 'blobs' && second === 'uploads') {
    return last === '' ? { kind: 'uploads', name: before(3) } : { kind: 'upload', name: before(3), id: checkId(last) };
  }
  if (second === 'blobs' && last === 'uploads') return { kind: 'uploads', name: before(2) };
  if (second === 'blobs') return { kind: 'blob', name: before(2), digest: checkDigest(last) };
  if (second === 'manifests') return { kind: 'manifest', name: before(2), reference: checkReference(last) };
  if (second === 'tags' && last === 'list') return { kind: 'tags', name: before(2) };
  if (second === 'referrers') return { kind: 'referrers', name: before(2), digest: checkDigest(last) };
  return undefined;
}

/** A repository name from a client. */
export function checkName(name: string): string {
  if (isRepositoryPath(name)) return name;
  throw new ApiError('NAME_INVALID', 'The name is not a repository name');
}

/** A digest from a client. */
export function checkDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new ApiError('DIGEST_INVALID', 'The digest is malformed, or not of sha256 or sha512');
}

/** A tag from a client. */
export function checkTag(text: string): string {
  if (isTag(text)) return text;
  throw new ApiError('MANIFEST_INVALID', 'The tag is malformed');
}

function checkReference(text: string): ManifestReference {
  return text.includes(':') ? { digest: checkDigest(text) } : { tag: checkTag(text) };
}

function checkId(id: string): string {
  if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id;
  throw new ApiError('BLOB_UPLOAD_UNKNOWN', 'There is no such upload');
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
