/**
 * Servers go, one at a time. Each has to leave etcd while most of its members answer; and once it left, it must not start
 * again: it would find its tombstone, and join anew.
 */

import { SealerError } from '../../error.ts';
import { installFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { mapOf, mapsOf, stringOf } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { cordonNode, listNodes } from '../nodes/index.ts';
import { checkQuorum } from '../quorum.ts';
import type { Departing, NodeState } from '../runtime.ts';
import { isApiReady, type K3sCluster, say } from './cluster.ts';
import { renderConfig } from './config.ts';
import { readConfig } from './config-files.ts';
import { clean, drain, forget } from './delete-nodes.ts';
import { etcdMembers } from './etcd-members.ts';
import { CONFIG_FILE, serverUrl } from './paths.ts';
import { hasRemoveAnnotation } from './versions.ts';
import { stopK3s } from './wipe.ts';

/** @throws SealerError QUORUM_AT_RISK, LAST_MASTER; COMMAND_FAILED if a server stays in etcd */
export async function deleteServers(cluster: K3sCluster, departing: readonly Departing[]): Promise<void> {
  for (const each of departing) await deleteServer(cluster, each);
}

async function deleteServer(cluster: K3sCluster, departing: Departing): Promise<void> {
  const { kubectl, context } = cluster;
  const { address, host } = departing;
  const nodes = await listNodes(kubectl, context.signal);
  const masters = nodes.filter(({ role }) => role === 'master');
  const members = (await etcdMembers(cluster)) ?? masters.map((node) => node.address);
  checkQuorum({ members, healthy: await healthyOf(cluster, masters), leaving: address });
  // From here on everything is asked of those that stay.
  cluster.leave(address);
  await cluster.liveMaster();
  const node = nodes.find((each) => each.address === address);
  if (node !== undefined) {
    await cordonNode(kubectl, node.name, context.signal);
    await drain(cluster, departing, node);
    say(cluster, `${host?.label ?? address}: leaving etcd`);
    await leaveEtcd(cluster, { host, node, members: members.length });
  }
  if (host !== undefined) await stopK3s(cluster, host);
  await waitUntilGone(cluster, address);
  // It may have registered again between the deletion and the stop; and its finalizers may have nobody to run them.
  if (node !== undefined) await forget(cluster, node.name);
  await clean(cluster, departing);
  await pointElsewhere(cluster, address);
}

interface Leaving {
  readonly host: Host | undefined;
  readonly node: NodeState;
  /** How many etcd has, with this one. */
  readonly members: number;
}

/** @throws SealerError COMMAND_FAILED if it stays */
export async function leaveEtcd(cluster: K3sCluster, { host, node, members }: Leaving): Promise<void> {
  const { kubectl, context, files } = cluster;
  const { signal } = context;
  // A k3s without its secret waits for it at its start: whatever restarts the service, it does not join again.
  if (host !== undefined) await host.exec({ argv: ['rm', '-f', files.token], signal });
  if (hasRemoveAnnotation(node.version) && (await leaveByAnnotation(cluster, node.name))) return;
  // With others enough, it stops first, so that it cannot register again; of two, both have to agree.
  if (host !== undefined && members > 2) await stopK3s(cluster, host);
  // A finalizer of the node takes its member out of etcd. Another one may never run (seen with 1.21), so it is not waited for.
  await kubectl(['delete', 'node', node.name, '--ignore-not-found', '--wait=false'], { signal });
  await waitUntilGone(cluster, node.address);
}

/** @returns whether etcd let it go; false where nobody cares for the annotation */
async function leaveByAnnotation({ kubectl, context, limits }: K3sCluster, name: string): Promise<boolean> {
  const { signal } = context;
  await kubectl(['annotate', 'node', name, 'etcd.k3s.cattle.io/remove=true', '--overwrite'], { signal });
  const ended = await poll(
    async (within): Promise<Round<true>> => {
      const argv = ['get', 'node', name, '--ignore-not-found', '-o', 'json'];
      const { code, stdout } = await kubectl(argv, { signal: within, allowFailure: true });
      if (code !== 0) return {};
      if (stdout.trim() === '') return { done: true };
      const { annotations } = mapOf(mapOf(JSON.parse(stdout)).metadata);
      const isRemoved = stringOf(mapOf(annotations)['etcd.k3s.cattle.io/removed-node-name']) !== undefined;
      return isRemoved ? { done: true } : {};
    },
    { timeoutMs: limits.leaveMs, signal },
  );
  return ended !== undefined;
}

async function waitUntilGone(cluster: K3sCluster, address: string): Promise<void> {
  const gone = await poll(
    async (): Promise<Round<true>> => {
      const members = await etcdMembers(cluster).catch((error: unknown) => {
        // Those that stay may have to choose another leader first.
        if (error instanceof SealerError && error.code === 'CLUSTER_UNREACHABLE') return [address];
        throw error;
      });
      return members?.includes(address) === true ? {} : { done: true };
    },
    { timeoutMs: cluster.limits.leaveMs, signal: cluster.context.signal },
  );
  if (gone !== undefined) return;
  throw new SealerError('COMMAND_FAILED', `${address} is still a member of etcd, although its node is deleted`, {
    hint: 'Look at `journalctl -u k3s` on the other masters, and run the same command again.',
  });
}

/** Masters whose kubelet and API answer; of hosts that are not ours to reach, the kubelet has to do. */
async function healthyOf(cluster: K3sCluster, masters: readonly NodeState[]): Promise<readonly string[]> {
  const healthy: string[] = [];
  for (const { address, isReady } of masters) {
    if (!isReady) continue;
    const host = cluster.context.masters.find((each) => each.address === address);
    if (host === undefined || (await isApiReady(host, cluster.context))) healthy.push(address);
  }
  return healthy;
}

/**
 * Members that joined at the server that went get another one into their config, for the day when all servers that they
 * know are gone; nothing is restarted for it.
 */
async function pointElsewhere(cluster: K3sCluster, address: string): Promise<void> {
  const { context, port } = cluster;
  const old = serverUrl(address, port);
  const stays = await cluster.liveMaster();
  for (const host of [...cluster.masters(), ...context.nodes]) {
    const config = await readConfig(host, context.signal).catch(() => undefined);
    if (mapsOf([config])[0]?.server !== old) continue;
    const other = host.address === stays.address ? cluster.masters().find((each) => each !== host) : stays;
    const { server: _, ...rest } = config ?? {};
    const next =
      other === undefined ? { ...rest, 'cluster-init': true } : { ...rest, server: serverUrl(other.address, port) };
    const file = { path: CONFIG_FILE, mode: 0o600, content: renderConfig(next) };
    await installFiles(host, context.home, [file], { signal: context.signal });
  }
}
