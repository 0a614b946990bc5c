/** What releases of k3s can and cannot do. */

import { isAtLeast, parseKubeVersion } from '../version.ts';

/** The patch release of each minor in which the flag came (k3s docs: installation/private-registry, January 2024). */
const DEFAULT_ENDPOINT_SINCE: Readonly<Record<number, number>> = { 26: 13, 27: 10, 28: 6, 29: 1 };

/**
 * Whether `disable-default-registry-endpoint` is known. Releases before it end at an unknown key; there containerd asks
 * the original registry when ours does not have an image.
 */
export function hasDefaultEndpointFlag(version: string): boolean {
  const { minor, patch } = parseKubeVersion(version);
  const since = DEFAULT_ENDPOINT_SINCE[minor];
  return since === undefined ? minor > 29 : patch >= since;
}

/**
 * Whether a server leaves etcd when its node is annotated `etcd.k3s.cattle.io/remove`; 1.21 has only the finalizer of the
 * node (pkg/etcd/controller.go).
 */
export function hasRemoveAnnotation(version: string): boolean {
  return isAtLeast(version, 1, 23);
}

/** Version that `k3s --version` prints: `k3s version v1.33.4+k3s1 (148243c4)`. */
export function versionIn(text: string): string | undefined {
  return /^k3s version (v\d\S*)/m.exec(text)?.[1];
}
