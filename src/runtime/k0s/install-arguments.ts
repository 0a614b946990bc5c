/** What `k0s install` is called with. */

import { isIP } from 'node:net';
import type { HostSpec } from '../../clusterfile/desired.ts';
import { CONFIG_FILE, K0S, tokenFile } from './paths.ts';

export interface InstallQuestion {
  /** Of the host. */
  readonly address: string;
  readonly home: string;
  /** The first controller joins nobody. */
  readonly joins: boolean;
}

const CONTROL_PLANE = 'node-role.kubernetes.io/control-plane';

/**
 * A controller that is a node as well, like kubeadm's masters: DaemonSets and what tolerates the control plane run on it.
 * @param isTainted whether nothing else runs on it
 */
export function installController(
  { address, home, joins }: InstallQuestion,
  isTainted: boolean,
): readonly [string, ...string[]] {
  return [
    K0S,
    'install',
    'controller',
    '--config',
    CONFIG_FILE,
    '--enable-worker',
    ...(isTainted ? [] : ['--no-taints']),
    ...(joins ? ['--token-file', tokenFile(home)] : []),
    ...kubelet(address),
  ];
}

export function installWorker({ address, home }: InstallQuestion): readonly [string, ...string[]] {
  return [K0S, 'install', 'worker', '--token-file', tokenFile(home), ...kubelet(address)];
}

/**
 * Whether a master keeps kubeadm's taint: not if the host is a node by its roles too, if the Clusterfile takes the taint
 * away, or if there is no other node that could run anything.
 */
export function keepsTaint(address: string, hosts: readonly HostSpec[]): boolean {
  if (!hosts.some(({ roles }) => roles.includes('node'))) return false;
  const spec = hosts.find((host) => host.address === address);
  if (spec === undefined) return true;
  const isTaken = spec.taints.some((taint) => taint.isRemoval && taint.key === CONTROL_PLANE);
  return !isTaken && !spec.roles.includes('node');
}

/** The node's InternalIP is the address that the host has in the Clusterfile: the kubelet would choose for itself. */
function kubelet(address: string): readonly string[] {
  return isIP(address) === 0 ? [] : [`--kubelet-extra-args=--node-ip=${address}`];
}
