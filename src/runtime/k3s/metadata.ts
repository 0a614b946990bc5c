/** What a k3s cluster is. */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { servedNames } from '../certificates/index.ts';
import { listNodes } from '../nodes/index.ts';
import type { Metadata } from '../runtime.ts';
import { compareVersions } from '../version.ts';
import { HOSTS_AT_A_TIME, isUnreachable, type K3sCluster } from './cluster.ts';
import { textsOf } from './config.ts';
import { readConfig } from './config-files.ts';
import { etcdMembers } from './etcd-members.ts';

/** k3s's own, where the config says nothing (k3s docs: cli/server). */
const POD_CIDR = '10.42.0.0/16';
const SERVICE_CIDR = '10.43.0.0/16';

/** Asks a server, and every server for its certificate. */
export async function clusterMetadata(cluster: K3sCluster): Promise<Metadata> {
  const { context, kubectl } = cluster;
  const live = await cluster.liveMaster();
  const nodes = await listNodes(kubectl, context.signal);
  const config = (await readConfig(live, context.signal)) ?? {};
  // A server is one program: its kubelet's version is its API server's.
  const versions = nodes.filter(({ role }) => role === 'master').map(({ version }) => version);
  const masters = cluster.masters().filter(({ address }) => nodes.some((node) => node.address === address));
  const sans = await inParallel(masters, HOSTS_AT_A_TIME, async (host) => [host.address, await sansOf(cluster, host)]);
  return {
    version: versions.toSorted(compareVersions)[0] ?? context.image.kubeVersion,
    nodes,
    sans: Object.fromEntries(sans),
    etcdMembers: (await etcdMembers(cluster)) ?? [],
    podCidr: textsOf(config['cluster-cidr']).join(',') || POD_CIDR,
    serviceCidr: textsOf(config['service-cidr']).join(',') || SERVICE_CIDR,
  };
}

/** None for a server that does not answer: what else is known of the cluster is worth telling. */
async function sansOf({ context, port }: K3sCluster, host: Host): Promise<readonly string[]> {
  try {
    return await servedNames(host, '127.0.0.1', port, context.signal);
  } catch (error) {
    context.signal.throwIfAborted();
    if (isUnreachable(error) || error instanceof Error) return [];
    throw error;
  }
}
