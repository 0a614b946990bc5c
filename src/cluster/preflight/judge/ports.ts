/** Whether ports are free that the runtime or the registry will listen at. */

import type { Problem } from '../../../error.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { portsOf } from '../needs/runtime-needs.ts';
import { finding } from './finding.ts';

/** Who may listen already where an earlier run began to make the cluster. */
const OURS: ReadonlySet<string> = new Set([
  ...['kubelet', 'kube-apiserver', 'kube-controller', 'kube-scheduler', 'kube-proxy', 'etcd', 'haproxy', 'registry'],
  ...['k3s', 'k3s-server', 'k3s-agent', 'k0s', 'envoy', 'konnectivity-se', 'containerd'],
]);

export function judgePorts(host: Inspected, wanted: Wanted): Problem[] {
  const purposes = purposesOf(host, wanted);
  return host.report.listeners.flatMap(({ port, owner }): Problem[] => {
    const purpose = purposes.get(port);
    if (purpose === undefined) return [];
    if (host.report.isOurs && (owner === undefined || OURS.has(owner.name))) return [];
    const who = owner === undefined ? 'somebody' : `${owner.name} (process ${owner.pid})`;
    const hint =
      purpose === REGISTRY
        ? 'Stop it, or give the registry another port (registry.port in the Clusterfile).'
        : 'Stop it for good, or take another host.';
    return [finding(host, 'error', `has port ${port}, which ${purpose} needs, in use by ${who}`, hint)];
  });
}

/** Ports that any of the hosts will need: what each of them is asked about. */
export function portsToAsk(wanted: Wanted): readonly number[] {
  const roles = ['master', 'node'] as const;
  const all = roles.flatMap((role) => [...purposesOf({ role, isRegistry: true }, wanted).keys()]);
  return [...new Set(all)];
}

const REGISTRY = "the cluster's registry";

function purposesOf(
  { role, isRegistry }: Pick<Inspected, 'role' | 'isRegistry'>,
  { clusterfile, image, circumstances }: Wanted,
): ReadonlyMap<number, string> {
  const ports = new Map(portsOf(image.runtime, role, circumstances));
  const { registry } = clusterfile.cluster;
  if (isRegistry && registry.kind === 'local') ports.set(registry.port, REGISTRY);
  return ports;
}
