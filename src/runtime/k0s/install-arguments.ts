/** What `k0s install` is called with. */

import { isIP } from 'node:net';
import { CONFIG_FILE, K0S, tokenFile } from './paths.ts';

export interface InstallQuestion {
  /** Of the host. */
  readonly address: string;
  readonly home: string;
  /** The first controller joins nobody. */
  readonly joins: boolean;
}

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

/** The node's InternalIP is the address that the host has in the Clusterfile: the kubelet would choose for itself. */
function kubelet(address: string): readonly string[] {
  return isIP(address) === 0 ? [] : [`--kubelet-extra-args=--node-ip=${address}`];
}
