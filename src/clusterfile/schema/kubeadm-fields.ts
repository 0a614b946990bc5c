/**
 * Keys of kubeadm's own documents, v1beta1 to v1beta4 together (kubernetes.io, reference/config-api/kubeadm-config). A
 * KubeadmConfig has those of ClusterConfiguration and InitConfiguration side by side, or whole documents below their
 * names.
 */

import { any, type Fields } from './shape.ts';

/** Top-level keys by kind. */
export const KUBEADM_KEYS: Readonly<Record<string, readonly string[]>> = {
  ClusterConfiguration: [
    'kubernetesVersion',
    'controlPlaneEndpoint',
    'imageRepository',
    'networking',
    'apiServer',
    'controllerManager',
    'scheduler',
    'etcd',
    'dns',
    'proxy',
    'certificatesDir',
    'clusterName',
    'featureGates',
    'useHyperKubeImage',
    'encryptionAlgorithm',
    'certificateValidityPeriod',
    'caCertificateValidityPeriod',
  ],
  InitConfiguration: [
    'bootstrapTokens',
    'nodeRegistration',
    'localAPIEndpoint',
    'certificateKey',
    'skipPhases',
    'patches',
    'dryRun',
    'timeouts',
  ],
  JoinConfiguration: [
    'nodeRegistration',
    'caCertPath',
    'discovery',
    'controlPlane',
    'skipPhases',
    'patches',
    'dryRun',
    'timeouts',
  ],
};

/** Names below which a KubeadmConfig may have whole documents, with their kinds. */
export const SECTIONS: Readonly<Record<string, string>> = {
  clusterConfiguration: 'ClusterConfiguration',
  initConfiguration: 'InitConfiguration',
  joinConfiguration: 'JoinConfiguration',
  kubeletConfiguration: 'KubeletConfiguration',
  kubeProxyConfiguration: 'KubeProxyConfiguration',
};

/** The kind that a key of a KubeadmConfig goes to. */
export function kindOfKey(key: string): string | undefined {
  return ['ClusterConfiguration', 'InitConfiguration'].find((kind) => KUBEADM_KEYS[kind]?.includes(key));
}

export const KUBEADM_CONFIG: Fields = Object.fromEntries([
  ['path', any('Not used.', { isIgnored: true })],
  ...Object.entries(SECTIONS).map(([name, kind]) => [name, any(`A ${kind}.`, { mapping: true })]),
  ...[...(KUBEADM_KEYS.ClusterConfiguration ?? []), ...(KUBEADM_KEYS.InitConfiguration ?? [])].map((key) => [
    key,
    any(`${key} of kubeadm's ${kindOfKey(key)}.`),
  ]),
]);
