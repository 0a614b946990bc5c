/** `--ignored-image-list`: images that the content names and that shall stay out. */

import type { Reference } from '../../oci/reference.ts';

/**
 * Whether an entry of the list means this image: the same completed name, and the same tag and digest as far as the
 * entry has them. `nginx` means `docker.io/library/nginx:latest`, as it does everywhere.
 */
export function isIgnoredBy(entry: Reference, reference: Reference): boolean {
  return (
    entry.registry === reference.registry &&
    entry.repository === reference.repository &&
    (entry.tag === undefined || entry.tag === reference.tag) &&
    (entry.digest === undefined || entry.digest === reference.digest)
  );
}
