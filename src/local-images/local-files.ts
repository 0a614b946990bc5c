/** Which files of a rootfs or context bring container images along, as sealos lays them out (pkg/sreg/buildimage). */

/**
 * - `archive`: a docker-archive or oci-archive, plain or compressed, anywhere below `images/`
 * - `archive-list`: `images/skopeo/tar.txt`, which says what images of which archive are wanted, and under which names
 * - `image-list`: a file below `images/shim/`: references, also of images in a local engine
 */
export type LocalImageFile = 'archive' | 'archive-list' | 'image-list';

/**
 * How a file brings images along, or undefined if it does not.
 * @param path relative, without a leading `./`
 */
export function localImageFile(path: string): LocalImageFile | undefined {
  if (/^images\/skopeo\/[^/]+\.txt$/.test(path)) return 'archive-list';
  if (/^images\/shim\/[^/]+(?:\/[^/]+)*$/.test(path)) return 'image-list';
  return /^images\/.*\.(?:tar|tar\.gz|tgz|tar\.zst|tzst)$/.test(path) ? 'archive' : undefined;
}
