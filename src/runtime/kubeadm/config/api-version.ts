/** Which form of kubeadm's configuration a version of it reads. */

import { isAtLeast } from '../../version.ts';

export type KubeadmApi = 'v1beta2' | 'v1beta3' | 'v1beta4';

/**
 * The newest that a kubeadm reads without complaint: v1beta3 came with 1.22, v1beta4 with 1.31, which warns of v1beta3; the one after
 * 1.36 refuses v1beta3 (kubernetes#136016).
 */
export function kubeadmApi(kubeVersion: string): KubeadmApi {
  if (isAtLeast(kubeVersion, 1, 31)) return 'v1beta4';
  return isAtLeast(kubeVersion, 1, 22) ? 'v1beta3' : 'v1beta2';
}

/** Kinds that kubeadm itself reads; the others belong to the kubelet and to kube-proxy. */
const KUBEADM_KINDS: readonly string[] = ['ClusterConfiguration', 'InitConfiguration', 'JoinConfiguration'];

/** `kubeadm.k8s.io/v1beta4`, `kubelet.config.k8s.io/v1beta1`, … */
export function apiVersionOf(kind: string, api: KubeadmApi): string {
  if (KUBEADM_KINDS.includes(kind)) return `kubeadm.k8s.io/${api}`;
  return kind === 'KubeProxyConfiguration' ? 'kubeproxy.config.k8s.io/v1alpha1' : 'kubelet.config.k8s.io/v1beta1';
}
