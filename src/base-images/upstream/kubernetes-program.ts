/** Programs of Kubernetes itself (kubernetes.io/releases/download). */

import type { Architecture, Asset } from '../versions.ts';
import { listedAsset } from './checksums.ts';
import type { Upstream } from './upstream.ts';

export const KUBERNETES_RELEASES = 'https://dl.k8s.io/release';

/** A program of a release, with its checksum. @param version `v1.33.4` */
export function kubernetesProgram(
  upstream: Upstream,
  version: string,
  program: string,
  architecture: Architecture,
): Promise<Asset> {
  const url = `${KUBERNETES_RELEASES}/${version}/bin/linux/${architecture}/${program}`;
  return listedAsset(upstream, url, `${url}.sha256`);
}
