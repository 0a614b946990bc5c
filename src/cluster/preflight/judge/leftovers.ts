/** Whether a host belongs to a cluster, or has things of one that are in the way. */

import type { Problem } from '../../../error.ts';
import type { RuntimeName } from '../../../runtime/runtime.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import type { HostReport } from '../probe/report.ts';
import { finding, someOf } from './finding.ts';

export function judgeLeftovers(host: Inspected, wanted: Wanted): Problem[] {
  const others = host.report.otherClusters.map((name) =>
    finding(
      host,
      'error',
      `belongs to the cluster ${name}`,
      `Remove it from there first (sealer delete --name ${name}), or take another host.`,
      'CLUSTER_EXISTS',
    ),
  );
  // What an earlier run of ours left half done is gone on with.
  if (others.length > 0 || host.report.isOurs || wanted.image.runtime === undefined) return others;
  return [...judgeFiles(host, wanted.image.runtime), ...judgeForeignRuntimes(host, wanted.image.runtime)];
}

/** Whose a file is. */
const OWNERS: readonly { readonly start: string; readonly runtime: RuntimeName | 'rke2' | undefined }[] = [
  { start: '/etc/kubernetes', runtime: 'kubeadm' },
  { start: '/var/lib/etcd', runtime: 'kubeadm' },
  { start: '/var/lib/kubelet', runtime: 'kubeadm' },
  { start: '/var/lib/rancher/k3s', runtime: 'k3s' },
  { start: '/var/lib/rancher/rke2', runtime: 'rke2' },
  { start: '/var/lib/k0s', runtime: 'k0s' },
];

/** Processes by which a runtime shows that it is alive. */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  kubeadm: ['kubelet', 'kube-apiserver'],
  k3s: ['k3s', 'k3s-server', 'k3s-agent'],
  k0s: ['k0s'],
  rke2: ['rke2'],
};

const CLEANERS: Readonly<Record<string, string>> = {
  kubeadm: 'kubeadm reset -f, then remove /etc/cni/net.d',
  k3s: 'k3s-uninstall.sh or k3s-agent-uninstall.sh',
  k0s: 'k0s stop and k0s reset',
  rke2: 'rke2-uninstall.sh',
};

function judgeFiles(host: Inspected, wanted: RuntimeName): Problem[] {
  const { leftovers } = host.report;
  const byRuntime = Map.groupBy(leftovers, (path) => OWNERS.find(({ start }) => path.startsWith(start))?.runtime);
  const problems = [...byRuntime].flatMap(([runtime, paths]): Problem[] => {
    if (runtime === undefined) return [];
    const isAlive = isRunning(host.report, SIGNS[runtime] ?? []);
    const hint = `Remove what is left (sealer delete, or ${CLEANERS[runtime]}), or take another host.`;
    const what = isAlive ? `runs ${runtime} of another cluster` : `has leftovers of a cluster made by ${runtime}`;
    // Another runtime's files are in nobody's way as long as nothing runs.
    const severity = isAlive || runtime === wanted ? 'error' : 'warning';
    return [finding(host, severity, `${what} (${someOf(paths)})`, hint, isAlive ? 'CLUSTER_EXISTS' : 'HOST_UNFIT')];
  });
  // The kubelet takes the first network by name, whoever put it there. k3s and k0s keep theirs elsewhere or clear it.
  if (leftovers.includes('/etc/cni/net.d') && wanted !== 'k3s') {
    const hint = 'Remove what is in it, unless the network of this cluster is meant.';
    problems.push(finding(host, 'warning', 'has a network for containers in /etc/cni/net.d', hint));
  }
  return problems;
}

/** A container runtime or kubelet of a distribution: kubeadm's driver brings its own, and refuses to share. */
function judgeForeignRuntimes(host: Inspected, wanted: RuntimeName): Problem[] {
  const { report } = host;
  // /lib is /usr/lib on most hosts.
  const units = [...new Set(report.units.map((path) => path.replace(/^\/lib\//, '/usr/lib/')))];
  const running = ['dockerd', 'containerd', 'crio', 'kubelet'].filter((name) => isRunning(report, [name]));
  if (wanted === 'kubeadm' && units.length > 0) {
    const hint = 'Remove its package (containerd, docker, cri-o, kubelet), or use another host.';
    return [finding(host, 'error', `has a container runtime or kubelet of its own (${someOf(units)})`, hint)];
  }
  if (running.length === 0) return [];
  const severity = wanted === 'kubeadm' ? 'error' : 'warning';
  const hint = 'Stop and remove it if you can: two of a kind share firewall rules and disk.';
  return [finding(host, severity, `runs ${running.join(', ')} already`, hint)];
}

function isRunning({ processes }: HostReport, names: readonly string[]): boolean {
  return processes.some(({ name }) => names.includes(name));
}
