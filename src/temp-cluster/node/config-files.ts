/**
 * The files that k3s reads at its start (K3SDOC `installation/configuration`, `installation/private-registry`). They are
 * put into the container: arguments and environment can be seen by whoever may look at the machine's processes.
 */

import { canDisableDefaultEndpoint, type KubeVersion } from './version.ts';

export interface NodeSettings {
  readonly version: KubeVersion | undefined;
  /** The container's address. */
  readonly address: string;
  /** Our registry. */
  readonly registry: { readonly address: string; readonly username: string; readonly password: string };
  /** Registries beside the known ones that get an entry of their own. */
  readonly hosts: readonly string[];
}

export const CONFIG_FILE = '/etc/rancher/k3s/config.yaml';
export const REGISTRIES_FILE = '/etc/rancher/k3s/registries.yaml';
export const KUBECONFIG_FILE = '/etc/rancher/k3s/k3s.yaml';

/**
 * Registries with an entry of their own: `"*"` covers all, but not in every release (K3SISS#2088 docker.io; fixes of
 * March 2024: #9341, #9728, #9839).
 */
const KNOWN_HOSTS = [
  'docker.io',
  'registry.k8s.io',
  'k8s.gcr.io',
  'gcr.io',
  'quay.io',
  'ghcr.io',
  'mcr.microsoft.com',
  'public.ecr.aws',
  'registry.gitlab.com',
  'docker.elastic.co',
  'nvcr.io',
];

/** `config.yaml`: keys are k3s's flags. One that a release does not know is skipped by it with a warning. */
export function nodeConfig({ version, address }: NodeSettings): string {
  const lines = [
    'node-name: sealer',
    `node-ip: ${address}`,
    `tls-san: [${address}]`,
    'write-kubeconfig-mode: "0600"',
    // Not the user's: each is images to pull and pods to wait for, which say nothing about the apps. servicelb would take
    // ports of the node, and its pods would be found by recording as if an app had asked for them.
    'disable: [traefik, metrics-server, servicelb]',
    ...(canDisableDefaultEndpoint(version) ? ['disable-default-registry-endpoint: true'] : []),
    'kubelet-arg:',
    // The engine's machine may have swap; the cluster is not to stay.
    '  - fail-swap-on=false',
    // Images must not be removed while they are counted, nor pods evicted, since the disk is the machine's.
    '  - image-gc-high-threshold=100',
    '  - eviction-hard=imagefs.available<1%,nodefs.available<1%',
    'kube-proxy-arg:',
    // nf_conntrack_max can only be written on the machine itself.
    '  - conntrack-max-per-core=0',
  ];
  return `${lines.join('\n')}\n`;
}

/** `registries.yaml`: every registry is ours. */
export function registriesConfig({ registry, hosts }: NodeSettings): string {
  const { address, username, password } = registry;
  const names = [...new Set([...KNOWN_HOSTS, ...hosts, '*'])];
  const lines = [
    'mirrors:',
    ...names.flatMap((name) => [`  ${JSON.stringify(name)}:`, `    endpoint: ["http://${address}"]`]),
    'configs:',
    `  "${address}":`,
    '    auth:',
    `      username: ${JSON.stringify(username)}`,
    `      password: ${JSON.stringify(password)}`,
  ];
  return `${lines.join('\n')}\n`;
}
