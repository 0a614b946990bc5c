/** Controllers that go, one at a time, without breaking etcd's quorum. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { deleteNode, drainNode, findNode } from '../nodes/index.ts';
import { checkQuorum } from '../quorum.ts';
import type { Departing } from '../runtime.ts';
import { askKindly } from './bring-up.ts';
import { type K0sCluster, say } from './cluster.ts';
import { forgetController, leaveEtcd, listEtcdMembers } from './etcd-members.ts';
import { whyNotReady } from './masters.ts';
import { cleanHost, stopK0s } from './reset.ts';

export async function deleteMasters(cluster: K0sCluster, departing: readonly Departing[]): Promise<void> {
  const leaving = new Set(departing.map(({ address }) => address));
  const hosts = [...cluster.context.masters, ...departing.flatMap(({ host }) => host ?? [])];
  if (hosts.every(({ address }) => leaving.has(address))) {
    throw new SealerError('LAST_MASTER', 'these are all masters of the cluster', {
      hint: 'Add another master first, or delete the whole cluster.',
    });
  }
  const survivor = await cluster.liveMaster(leaving);
  for (const each of departing) await deleteMaster(cluster, survivor, each, hosts);
}

/** The order is facts of etcd: leave while the member still runs, from a survivor, and only then stop it. */
async function deleteMaster(
  cluster: K0sCluster,
  survivor: Host,
  { address, host }: Departing,
  hosts: readonly Host[],
): Promise<void> {
  const { kubectl, limits, context } = cluster;
  const { signal } = context;
  const members = await listEtcdMembers(cluster, survivor);
  const member = members.find((each) => each.address === address);
  if (member !== undefined) {
    const addresses = members.map((each) => each.address);
    checkQuorum({ members: addresses, healthy: await answering(addresses, hosts, signal), leaving: address });
  }
  say(cluster, `${host?.label ?? address} leaves the control plane`);
  const node = await findNode(kubectl, address, signal);
  const found = host === undefined ? undefined : await askKindly(host, signal);
  if (node !== undefined && found?.isRunning === true) {
    await drainNode(kubectl, node.name, { signal, timeoutMs: limits.drainMs });
  }
  await leaveEtcd(cluster, survivor, address, { isRunning: found?.isRunning === true });
  if (host !== undefined && found !== undefined) await stopK0s(cluster, host);
  if (node !== undefined) await deleteNode(kubectl, node.name, signal);
  const name = member?.name ?? node?.name;
  if (name !== undefined) await forgetController(cluster, survivor, name);
  if (host !== undefined && found !== undefined) await cleanHost(cluster, host);
}

/** Addresses of members whose controller is ready. */
async function answering(
  addresses: readonly string[],
  hosts: readonly Host[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const reasons = await Promise.all(
    addresses.map(async (address) => {
      const host = hosts.find((each) => each.address === address);
      return host === undefined ? 'unknown' : whyNotReady(host, signal);
    }),
  );
  return addresses.filter((_, i) => reasons[i] === undefined);
}
