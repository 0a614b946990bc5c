/**
 * Where container images lie in the rootfs: `registry/` is the storage of a CNCF distribution registry (v2 layout of
 * the filesystem driver, registry/storage/paths.go), so such a registry serves it as it is.
 */

import { SealerError } from '../../error.ts';
import { algorithmOf, type Digest, hexOf } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';

/** The folder of the registry's storage in the rootfs. */
export const REGISTRY_ROOT = 'registry';

const V2 = `${REGISTRY_ROOT}/docker/registry/v2`;

/** A file that says: this digest belongs here. 71 bytes for sha256, no newline. */
export interface Link {
  readonly path: string;
  readonly digest: Digest;
}

/** The file of a blob. */
export function blobPath(digest: Digest): string {
  const hex = hexOf(digest);
  return `${V2}/blobs/${algorithmOf(digest)}/${hex.slice(0, 2)}/${hex}/data`;
}

/**
 * The name of the repository in the registry: the host of the image's own registry, then its path there, so that
 * nothing collides: `docker.io/library/nginx`, `localhost_5000/app`.
 */
export function repositoryPath({ registry, repository }: Pick<Reference, 'registry' | 'repository'>): string {
  return `${registryFolder(registry)}/${repository}`;
}

/**
 * The first part of the names of repositories that come from a registry; hosts direct their container runtime's
 * requests for that registry there. A repository name has neither colons, brackets nor capitals (distribution-spec 1.1),
 * so a host is written in small letters, `:5000` as `_5000`, and `[fd00::1]` as `ipv6__fd00-0-0-0-0-0-0-1`. Host names
 * have no underscore, so no two hosts share a folder.
 * @throws SealerError INVALID_REFERENCE for what is no IPv6 address between brackets
 */
export function registryFolder(registry: string): string {
  const { ipv6, name, port } = /^(?:\[(?<ipv6>.*)\]|(?<name>[^:]*))(?::(?<port>\d+))?$/.exec(registry)?.groups ?? {};
  const host = ipv6 === undefined ? (name ?? registry).toLowerCase() : `ipv6__${expandIpv6(ipv6)}`;
  return port === undefined ? host : `${host}_${port}`;
}

/** What says that a repository has a layer or config; a registry serves a blob only where it is linked. */
export function layerLink(repository: string, digest: Digest): Link {
  return { path: `${folderOf(repository)}/_layers/${algorithmOf(digest)}/${hexOf(digest)}/link`, digest };
}

/** What says that a repository has a manifest or index. */
export function revisionLink(repository: string, digest: Digest): Link {
  return { path: `${folderOf(repository)}/_manifests/revisions/${algorithmOf(digest)}/${hexOf(digest)}/link`, digest };
}

/** What says that a tag stands for a manifest or index. */
export function tagLinks(repository: string, tag: string, digest: Digest): readonly Link[] {
  const folder = `${folderOf(repository)}/_manifests/tags/${tag}`;
  return [
    { path: `${folder}/current/link`, digest },
    { path: `${folder}/index/${algorithmOf(digest)}/${hexOf(digest)}/link`, digest },
  ];
}

/** All folders above some paths, without repetition. */
export function parentsOf(paths: Iterable<string>): ReadonlySet<string> {
  const parents = new Set<string>();
  for (const path of paths) {
    for (let slash = path.lastIndexOf('/'); slash > 0; slash = path.lastIndexOf('/', slash - 1)) {
      parents.add(path.slice(0, slash));
    }
  }
  return parents;
}

function folderOf(repository: string): string {
  return `${V2}/repositories/${repository}`;
}

/** All eight groups without leading zeros: one spelling per address. */
function expandIpv6(address: string): string {
  const [head = '', tail, ...more] = address.toLowerCase().split('::');
  const groupsOf = (text: string) => (text === '' ? [] : text.split(':'));
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const missing = 8 - left.length - right.length;
  const groups = [
    ...left,
    ...Array.from({ length: tail === undefined ? 0 : Math.max(missing, 0) }, () => '0'),
    ...right,
  ];
  if (more.length > 0 || groups.length !== 8 || !groups.every((group) => /^[0-9a-f]{1,4}$/.test(group))) {
    throw new SealerError('INVALID_REFERENCE', `"${address}" is not an IPv6 address`);
  }
  return groups.map((group) => Number.parseInt(group, 16).toString(16)).join('-');
}
