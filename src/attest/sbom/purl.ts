/** Package URLs (package-url/purl-spec): the names by which scanners know packages. */

import type { Digest } from '../../oci/digest.ts';
import type { Reference } from '../../oci/reference.ts';

/** `pkg:oci/nginx@sha256%3A…?arch=amd64&repository_url=docker.io/library/nginx&tag=1.25` */
export function ociPurl(
  { registry, repository, tag }: Reference,
  digest: Digest,
  architecture: string | undefined,
): string {
  const name = repository.slice(repository.lastIndexOf('/') + 1).toLowerCase();
  const qualifiers = [
    ['arch', architecture],
    ['repository_url', `${registry}/${repository}`],
    ['tag', tag],
  ] as const;
  return `pkg:oci/${name}@${encode(digest)}?${query(qualifiers)}`;
}

/** `pkg:helm/ingress-nginx@4.11.0` */
export function helmPurl(name: string, version: string): string {
  return `pkg:helm/${encode(name)}@${encode(version)}`;
}

/** Sorted by name already; what is not known is left out. */
function query(qualifiers: readonly (readonly [string, string | undefined])[]): string {
  return qualifiers
    .flatMap(([key, value]) => (value === undefined ? [] : [`${key}=${encode(value).replaceAll('%2F', '/')}`]))
    .join('&');
}

function encode(text: string): string {
  return encodeURIComponent(text);
}
