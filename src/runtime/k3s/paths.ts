/** Where k3s has its things on a host. */

import type { RuntimeContext } from '../runtime.ts';

export const K3S = '/usr/local/bin/k3s';
/** Names under which k3s is other programs; a host may have its own. */
export const LINKS = ['kubectl', 'crictl', 'ctr'] as const;
export const CONFIG_FILE = '/etc/rancher/k3s/config.yaml';
export const REGISTRIES_FILE = '/etc/rancher/k3s/registries.yaml';
/** The administrator's, written by servers; its server is the host itself. */
export const KUBECONFIG = '/etc/rancher/k3s/k3s.yaml';

/** Files of ours that k3s reads, in the cluster's folder. */
export interface OwnFiles {
  readonly folder: string;
  /** The secret of servers: who has it can join as one, and read the authorities' keys. */
  readonly token: string;
  /** The secret of agents. */
  readonly agentToken: string;
  /** Run before k3s: see services.ts. */
  readonly defaultRoute: string;
}

/** @param home the cluster's folder on every host */
export function ownFiles(home: string): OwnFiles {
  const folder = `${home}/k3s`;
  return {
    folder,
    token: `${folder}/token`,
    agentToken: `${folder}/agent-token`,
    defaultRoute: `${folder}/default-route`,
  };
}

/** The data folder: a Clusterfile may move it, an image may not. */
export function dataDirOf({ cluster }: Pick<RuntimeContext, 'cluster'>): string {
  const dataDir = cluster.k3s?.server['data-dir'];
  return typeof dataDir === 'string' && dataDir.startsWith('/') ? dataDir.replace(/\/+$/, '') : '/var/lib/rancher/k3s';
}

/** The port of the API servers: a Clusterfile may change it, an image may not. */
export function portOf({ cluster }: Pick<RuntimeContext, 'cluster'>): number {
  const port = Number(cluster.k3s?.server['https-listen-port']);
  return Number.isInteger(port) && port > 0 && port < 65_536 ? port : 6443;
}

/** `https://10.0.0.2:6443`. */
export function serverUrl(address: string, port: number): string {
  return `https://${address.includes(':') ? `[${address}]` : address}:${port}`;
}
