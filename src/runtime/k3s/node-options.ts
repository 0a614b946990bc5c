/** Labels and taints with which a node registers. */

import type { HostSpec } from '../../clusterfile/desired.ts';

/** Those of Kubernetes' own namespaces that a kubelet may give itself (k8s.io/kubelet/pkg/apis). */
const OWN = /^(?:[^/]*\.)?(?:kubelet|node)\.kubernetes\.io$/;

/**
 * `key=value` of each label; without those that a kubelet may not give itself, since it ends at them: the cluster's
 * administrator sets them when the node is there.
 */
export function labelsOf(host: HostSpec | undefined): readonly string[] {
  return Object.entries(host?.labels ?? {})
    .filter(([key]) => {
      const [prefix = '', name] = key.split('/');
      const isReserved = name !== undefined && /(?:^|\.)(?:kubernetes|k8s)\.io$/.test(prefix);
      return !isReserved || OWN.test(prefix);
    })
    .map(([key, value]) => `${key}=${value}`);
}

/** `key=value:Effect` of each taint that is to be there. */
export function taintsOf(host: HostSpec | undefined): readonly string[] {
  return (host?.taints ?? [])
    .filter(({ isRemoval, effect }) => !isRemoval && effect !== '')
    .map(({ key, value, effect }) => `${key}=${value}:${effect}`);
}
