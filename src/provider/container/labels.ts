/** How containers of clusters are found again: by their labels, and nothing else. */

import { createHash } from 'node:crypto';

/** On containers, networks and volumes: the cluster's name. */
export const CLUSTER_LABEL = 'sealer.cluster';
/** `master` or `node`. */
export const ROLE_LABEL = 'sealer.role';
/** Counts from 1 within its role. */
export const NUMBER_LABEL = 'sealer.number';
/** The address that it has in the cluster's network whenever it runs. */
export const ADDRESS_LABEL = 'sealer.address';

export type HostRole = 'master' | 'node';

/** `shop-master-1`: the container's name, its host name, and the node's. At most 63 characters, as host names have. */
export function hostName(cluster: string, role: HostRole, number: number): string {
  return `${shortened(cluster)}-${role}-${number}`;
}

/** The network of a cluster: `sealer-shop`. */
export function networkName(cluster: string): string {
  return `sealer-${shortened(cluster)}`;
}

/** The disk of a host. */
export function volumeName(host: string): string {
  return `sealer-${host}`;
}

function shortened(cluster: string): string {
  const name = cluster.toLowerCase().replace(/[^a-z0-9-]/g, '-');
  if (name.length <= 40 && name === cluster) return name;
  return `${name.slice(0, 31)}-${createHash('sha256').update(cluster).digest('hex').slice(0, 8)}`;
}
