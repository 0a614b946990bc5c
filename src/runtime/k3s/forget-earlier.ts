/** Hosts that were members, and were installed anew while the cluster still knows them. */

import type { Host } from '../../hosts/host.ts';
import { findNode } from '../nodes/index.ts';
import { type K3sCluster, say } from './cluster.ts';
import { leaveEtcd } from './delete-masters.ts';
import { forget } from './delete-nodes.ts';
import { etcdMembers } from './etcd-members.ts';
import { observeHost } from './observe.ts';

/**
 * Takes out of the cluster what a bare host was in it before: k3s refuses a node of a known name with another password ("Node
 * password rejected"), and a server at the address of a known member of etcd. Nothing happens to a host with anything of k3s on it.
 * @throws SealerError COMMAND_FAILED if the old member stays in etcd
 */
export async function forgetEarlier(cluster: K3sCluster, host: Host): Promise<void> {
  const { kubectl, context } = cluster;
  if ((await observeHost(cluster, host)).member !== 'absent') return;
  const node = await findNode(kubectl, host.address, context.signal);
  if (node === undefined) return;
  say(cluster, `${host.label}: it was a member before it was installed anew, and is forgotten`);
  if (node.role === 'master') {
    const members = (await etcdMembers(cluster)) ?? [];
    if (members.includes(host.address)) await leaveEtcd(cluster, { host: undefined, node, members: members.length });
  }
  await forget(cluster, node.name);
}
