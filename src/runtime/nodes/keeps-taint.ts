/** Whether masters are for the control plane alone. */

import type { HostSpec } from '../../clusterfile/index.ts';

/** Keys of kubeadm's taints of masters; Kubernetes up to 1.23 has the second of them. */
export const CONTROL_PLANE = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/**
 * Whether a master keeps kubeadm's taint: not if the host is a node by its roles too, if the Clusterfile takes the taint
 * away, or if there is no other node that could run anything.
 */
export function keepsTaint(address: string, hosts: readonly HostSpec[]): boolean {
  if (!hosts.some(({ roles }) => roles.includes('node'))) return false;
  const spec = hosts.find((host) => host.address === address);
  if (spec === undefined) return true;
  const isTaken = spec.taints.some((taint) => taint.isRemoval && CONTROL_PLANE.includes(taint.key));
  return !isTaken && !spec.roles.includes('node');
}
