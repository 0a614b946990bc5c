/** What the paths of a registry's storage say (the inverse of registry-layout.ts). */

import { type Digest, isDigest } from '../../oci/digest.ts';
import { isRepositoryPath, isTag } from '../../oci/reference.ts';
import { REGISTRY_ROOT } from '../layers/registry-layout.ts';

/** What a file of the storage is. */
export type StoredFile =
  | { readonly kind: 'blob'; readonly digest: Digest }
  /** Its content is the digest that the tag stands for. */
  | { readonly kind: 'tag'; readonly repository: string; readonly tag: string }
  /** A manifest or index of the repository. */
  | { readonly kind: 'revision'; readonly repository: string; readonly digest: Digest }
  /** A layer or config of the repository. */
  | { readonly kind: 'layer'; readonly repository: string; readonly digest: Digest };

const V2 = `${REGISTRY_ROOT}/docker/registry/v2/`;
const DIGEST = '(?<algorithm>[a-z0-9]+)/(?<hex>[0-9a-f]+)/link';
const BLOB = /^blobs\/(?<algorithm>[a-z0-9]+)\/[0-9a-f]{2}\/(?<hex>[0-9a-f]+)\/data$/;
const TAG = /^repositories\/(?<repository>.+)\/_manifests\/tags\/(?<tag>[^/]+)\/current\/link$/;
const REVISION = new RegExp(`^repositories/(?<repository>.+)/_manifests/revisions/${DIGEST}$`);
const LAYER = new RegExp(`^repositories/(?<repository>.+)/_layers/${DIGEST}$`);

/** Reads a path of a rootfs; undefined for all that a registry does not serve from. */
export function parseStoredFile(path: string): StoredFile | undefined {
  if (!path.startsWith(V2)) return undefined;
  const below = path.slice(V2.length);
  const blob = digestIn(BLOB.exec(below)?.groups);
  if (blob !== undefined) return { kind: 'blob', digest: blob };
  const { repository, tag } = TAG.exec(below)?.groups ?? {};
  if (repository !== undefined && tag !== undefined) {
    return isRepositoryPath(repository) && isTag(tag) ? { kind: 'tag', repository, tag } : undefined;
  }
  return link('revision', REVISION.exec(below)?.groups) ?? link('layer', LAYER.exec(below)?.groups);
}

type Groups = Readonly<Record<string, string | undefined>> | undefined;

function link(kind: 'revision' | 'layer', groups: Groups): StoredFile | undefined {
  const digest = digestIn(groups);
  const { repository } = groups ?? {};
  if (digest === undefined || repository === undefined || !isRepositoryPath(repository)) return undefined;
  return { kind, repository, digest };
}

function digestIn(groups: Groups): Digest | undefined {
  const text = `${groups?.algorithm}:${groups?.hex}`;
  return isDigest(text) ? text : undefined;
}
