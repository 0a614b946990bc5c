/** What the runtimes ask of a machine: their documentation and their own checks. */

import type { RuntimeName } from '../../../runtime/runtime.ts';
import type { Circumstances } from './circumstances.ts';

type Role = 'master' | 'node';

export interface Size {
  readonly cpus: number;
  /** In bytes. */
  readonly memory: number;
}

export interface RuntimeNeeds {
  /** Where its containers and its data lie. */
  readonly folders: readonly string[];
  /** Below it the runtime refuses, or does not live. */
  readonly least: Readonly<Record<Role, Size>>;
  /** What its makers recommend. */
  readonly recommended: Readonly<Record<Role, Size>>;
  /** Programs that it cannot do without; of alternatives, one is enough. */
  readonly tools: readonly (readonly [string, ...string[]])[];
  /** Programs that something may miss. */
  readonly usefulTools: readonly string[];
  /** Disk for it and its pods on one host, in bytes. */
  readonly disk: { readonly least: number; readonly recommended: number };
}

const MIB = 2 ** 20;

function size(cpus: number, mebibytes: number): Size {
  return { cpus, memory: mebibytes * MIB };
}

export const RUNTIME_NEEDS: Readonly<Record<RuntimeName, RuntimeNeeds>> = {
  kubeadm: {
    folders: ['/var/lib/containerd', '/var/lib/kubelet', '/var/lib/etcd'],
    // Its checks NumCPU and Mem.
    least: { master: size(2, 1700), node: size(1, 300) },
    // kubespray: minimal_node_memory_mb.
    recommended: { master: size(2, 1700), node: size(1, 1000) },
    tools: [['ip'], ['iptables', 'nft'], ['mount'], ['umount'], ['nsenter'], ['modprobe']],
    usefulTools: ['conntrack', 'ethtool', 'socat', 'tc'],
    disk: { least: 500 * MIB, recommended: 1300 * MIB },
  },
  k3s: {
    folders: ['/var/lib/rancher', '/var/lib/kubelet'],
    least: { master: size(1, 500), node: size(1, 250) },
    // docs.k3s.io, requirements; a machine with 2 GB tells a little less.
    recommended: { master: size(2, 1800), node: size(1, 480) },
    tools: [['mount'], ['umount']],
    usefulTools: ['modprobe'],
    disk: { least: 500 * MIB, recommended: 1300 * MIB },
  },
  k0s: {
    folders: ['/var/lib/k0s', '/var/lib/kubelet'],
    // k0s sysinfo.
    least: { master: size(1, 900), node: size(1, 450) },
    recommended: { master: size(1, 1000), node: size(1, 500) },
    tools: [['mount'], ['umount'], ['modprobe']],
    usefulTools: [],
    disk: { least: 500 * MIB, recommended: 1800 * MIB },
  },
};

/** What brings and unpacks images, whatever runs them. */
export const OUR_TOOLS: RuntimeNeeds['tools'] = [['tar'], ['gzip'], ['sha256sum', 'shasum', 'openssl'], ['awk']];

/** Ports that a runtime listens at, and what for. */
export function portsOf(
  runtime: RuntimeName | undefined,
  role: Role,
  { apiPort, hasExternalStore }: Pick<Circumstances, 'apiPort' | 'hasExternalStore'>,
): ReadonlyMap<number, string> {
  if (runtime === undefined) return new Map();
  const etcd: [number, string][] = hasExternalStore
    ? []
    : [
        [2379, 'etcd'],
        [2380, 'etcd'],
      ];
  const kubelet: [number, string] = [10250, 'the kubelet'];
  const api: [number, string] = [apiPort, 'the API server'];
  const inner: [number, string][] = [
    [10257, 'the controller manager'],
    [10259, 'the scheduler'],
  ];
  const master: Readonly<Record<RuntimeName, readonly [number, string][]>> = {
    kubeadm: [api, ...etcd, kubelet, [10248, 'the kubelet'], ...inner, [10256, 'kube-proxy']],
    k3s: [api, ...etcd, kubelet, [10248, 'the kubelet'], ...inner, [10256, 'kube-proxy']],
    k0s: [
      api,
      ...etcd,
      [9443, 'joining controllers'],
      [8132, 'konnectivity'],
      kubelet,
      [10248, 'the kubelet'],
      ...inner,
    ],
  };
  const node: Readonly<Record<RuntimeName, readonly [number, string][]>> = {
    // Its own way to the API servers: a balancer on loopback.
    kubeadm: [kubelet, [10248, 'the kubelet'], [10256, 'kube-proxy'], [apiPort, 'the balancer of API servers']],
    k3s: [kubelet, [10248, 'the kubelet'], [10256, 'kube-proxy'], [6444, 'the balancer of API servers']],
    k0s: [kubelet, [10248, 'the kubelet'], [7443, 'the balancer of API servers']],
  };
  return new Map(role === 'master' ? master[runtime] : node[runtime]);
}
