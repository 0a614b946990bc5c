/** Where things of a cluster image lie on a host, relative to the cluster's folder there. */

import { blobPath, REGISTRY_ROOT } from '../../cluster-image/index.ts';
import { type Digest, hexOf, parseDigest, shortDigest } from '../../oci/digest.ts';

/** The kept file of a layer. */
export function layerPlace(layer: Digest): string {
  return `layers/${hexOf(layer)}`;
}

/** A blob of the registry's storage. */
export function blobPlace(blob: Digest): string {
  return blobPath(blob);
}

/** The unpacked rootfs of an image version. */
export function rootfsPlace(image: Digest): string {
  return `rootfs/${shortDigest(image)}`;
}

/** What is noted of an image version: `items`, `registry` (files of the registry's storage), `merged`. */
export function notesPlace(image: Digest): string {
  return `images/${shortDigest(image)}`;
}

/** The file that says that the registry's storage has all of an image version. */
export function mergedPlace(image: Digest): string {
  return `${notesPlace(image)}/merged`;
}

/** The folder of the registry's storage that has what registries of the v2 layout have. */
export const STORAGE = `${REGISTRY_ROOT}/docker/registry/v2`;

/** The repository as which the registry gives a cluster's layers to the hosts. */
export function layerRepository(cluster: string): string {
  return `sealer/${cluster.toLowerCase()}`;
}

/** Where the rootfs of an image is on a host. */
export function rootfsFolder(home: string, image: string): string {
  return `${home}/${rootfsPlace(parseDigest(image))}`;
}
