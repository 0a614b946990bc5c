/** What the cluster is now. */

import type { Host } from '../../hosts/host.ts';
import { type Fields, mapOf, stringOf } from '../../kubernetes/fields.ts';
import { servedNames } from '../certificates/index.ts';
import { listNodes } from '../nodes/index.ts';
import type { Metadata, NodeState } from '../runtime.ts';
import { compareVersions } from '../version.ts';
import { askKindly } from './bring-up.ts';
import type { K0sCluster } from './cluster.ts';
import { readConfig } from './config-file.ts';
import { listEtcdMembers } from './etcd-members.ts';
import { API_PORT } from './paths.ts';

/** k0s's own defaults (k0s docs: configuration.md). */
const POD_CIDR = '10.244.0.0/16';
const SERVICE_CIDR = '10.96.0.0/12';
const ROLE_LABEL = 'node.k0sproject.io/role';

export async function getClusterMetadata(cluster: K0sCluster): Promise<Metadata> {
  const { kubectl, context } = cluster;
  const { masters, signal } = context;
  const live = await cluster.liveMaster();
  const [nodes, members, states, sans, config] = await Promise.all([
    listNodes(kubectl, signal),
    listEtcdMembers(cluster, live),
    Promise.all(masters.map((host) => askKindly(host, signal))),
    Promise.all(masters.map(async (host) => [host.address, await sansOrNone(host, signal)] as const)),
    readConfig(live, signal),
  ]);
  const versions = states.flatMap((state) =>
    state?.service === 'k0scontroller' && state.runningVersion !== undefined ? [state.runningVersion] : [],
  );
  const network = mapOf(mapOf(config?.spec).network);
  const controllers = new Set(members.map(({ address }) => address));
  return {
    version: versions.toSorted(compareVersions)[0] ?? '',
    nodes: nodes.map((node) => withRole(node, controllers)),
    sans: Object.fromEntries(sans.filter(([, names]) => names.length > 0)),
    etcdMembers: members.map(({ address }) => address),
    podCidr: cidrOf(network, 'podCIDR') ?? POD_CIDR,
    serviceCidr: cidrOf(network, 'serviceCIDR') ?? SERVICE_CIDR,
  };
}

/** k0s has a label of its own for nodes that are controllers. */
function withRole(node: NodeState, controllers: ReadonlySet<string>): NodeState {
  const isMaster =
    node.role === 'master' || node.labels[ROLE_LABEL] === 'control-plane' || controllers.has(node.address);
  return { ...node, role: isMaster ? 'master' : 'node' };
}

async function sansOrNone(host: Host, signal: AbortSignal): Promise<readonly string[]> {
  try {
    return await servedNames(host, host.address, API_PORT, signal);
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

function cidrOf(network: Fields, key: string): string | undefined {
  return stringOf(network[key]);
}
