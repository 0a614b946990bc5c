/** Nodes go: drained, stopped, deleted, cleaned, in this order, since a kubelet that still runs would register again. */

import { SealerError } from '../../error.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { inParallel } from '../../parallel.ts';
import { cordonNode, drainNode, listNodes } from '../nodes/index.ts';
import type { Departing, NodeState } from '../runtime.ts';
import { DRAINS_AT_A_TIME, HOSTS_AT_A_TIME, type K3sCluster, say } from './cluster.ts';
import { stopK3s, wipe } from './wipe.ts';

/** How long k3s gets for the finalizers of a node, in milliseconds. */
const FINALIZERS_MS = 30_000;

/** Removes agents from the cluster and the cluster from their hosts. */
export async function deleteAgents(cluster: K3sCluster, departing: readonly Departing[]): Promise<void> {
  if (departing.length === 0) return;
  const { kubectl, context } = cluster;
  const nodes = await listNodes(kubectl, context.signal);
  const nodeOf = (address: string): NodeState | undefined => nodes.find((node) => node.address === address);
  // First all of them take no more work, so that no pod moves twice.
  for (const { address } of departing) {
    const node = nodeOf(address);
    if (node !== undefined) await cordonNode(kubectl, node.name, context.signal);
  }
  await inParallel(departing, DRAINS_AT_A_TIME, async (each) => {
    const node = nodeOf(each.address);
    await drain(cluster, each, node);
    if (each.host !== undefined) await stopK3s(cluster, each.host);
    if (node !== undefined) await forget(cluster, node.name);
    await clean(cluster, each);
  });
}

/** Takes k3s off all hosts of a cluster: the agents first, then the servers, the first one last. The cluster is not asked. */
export async function resetHosts(cluster: K3sCluster, departing: readonly Departing[]): Promise<void> {
  const order = cluster.context.masters.map(({ address }) => address);
  const isMaster = ({ address }: Departing): boolean => order.includes(address);
  const masters = departing.filter(isMaster).toSorted((a, b) => order.indexOf(b.address) - order.indexOf(a.address));
  const agents = departing.filter((each) => !isMaster(each));
  await inParallel(agents, HOSTS_AT_A_TIME, (each) => clean(cluster, each));
  for (const each of masters) await clean(cluster, each);
}

/** Moves a node's pods away, where there is somebody to do it. */
export async function drain(
  cluster: K3sCluster,
  { address, host }: Departing,
  node: NodeState | undefined,
): Promise<void> {
  const { kubectl, context, limits } = cluster;
  if (node === undefined) return;
  if (host === undefined || !node.isReady) {
    // Its kubelet answers nobody: pods are given up when the node is deleted.
    say(cluster, `${address} cannot be drained: its kubelet does not answer`, 'warning');
    return;
  }
  say(cluster, `${host.label}: draining`);
  await drainNode(kubectl, node.name, { signal: context.signal, timeoutMs: limits.drainMs });
}

/**
 * Takes a node out of the cluster's list, and the secret by which only the same installation could come back. k3s's finalizers
 * do the same and more, but a k3s that lost its leadership may never run them: then they are dropped.
 */
export async function forget(cluster: K3sCluster, name: string): Promise<void> {
  const { kubectl, context } = cluster;
  const { signal } = context;
  await kubectl(['delete', 'node', name, '--ignore-not-found', '--wait=false'], { signal });
  const gone = await poll(
    async (within): Promise<Round<true>> => {
      const argv = ['get', 'node', name, '--ignore-not-found', '-o', 'name'];
      const { code, stdout } = await kubectl(argv, { signal: within, allowFailure: true });
      return code === 0 && stdout.trim() === '' ? { done: true } : {};
    },
    { timeoutMs: FINALIZERS_MS, signal },
  );
  if (gone === undefined) {
    say(cluster, `${name}: its finalizers do not end and are dropped`, 'warning');
    const patch = JSON.stringify({ metadata: { finalizers: null } });
    await kubectl(['patch', 'node', name, '--type=merge', '--patch', patch], { signal, allowFailure: true });
  }
  const secret = `${name}.node-password.k3s`;
  await kubectl(['delete', 'secret', '--namespace', 'kube-system', secret, '--ignore-not-found'], { signal });
}

/** Takes k3s off a host that can be reached; else says what is left there. */
export async function clean(cluster: K3sCluster, { address, host }: Departing): Promise<void> {
  if (host === undefined) {
    say(
      cluster,
      `${address} cannot be reached: what is installed there stays, and has to be removed by hand`,
      'warning',
    );
    return;
  }
  say(cluster, `${host.label}: removing k3s`);
  try {
    await wipe(cluster, host);
  } catch (error) {
    if (!(error instanceof SealerError) || error.code !== 'COMMAND_FAILED') throw error;
    throw new SealerError('COMMAND_FAILED', `k3s could not be removed from ${host.label}: ${error.message}`, {
      hint: 'Mend what it says, and run the same command again.',
      cause: error,
    });
  }
}
