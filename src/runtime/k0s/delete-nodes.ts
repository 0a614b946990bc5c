/** Workers that go: a kubelet that still runs would register its node again, so it is stopped before. */

import { inParallel } from '../../parallel.ts';
import { deleteNode, drainNode, findNode } from '../nodes/index.ts';
import type { Departing } from '../runtime.ts';
import { askKindly } from './bring-up.ts';
import { DRAINS_AT_A_TIME, type K0sCluster, say } from './cluster.ts';
import { cleanHost, stopK0s } from './reset.ts';

export async function deleteNodes(cluster: K0sCluster, departing: readonly Departing[]): Promise<void> {
  await inParallel(departing, DRAINS_AT_A_TIME, async (each) => deleteOne(cluster, each));
}

async function deleteOne(cluster: K0sCluster, { address, host }: Departing): Promise<void> {
  const { kubectl, limits, context } = cluster;
  const { signal } = context;
  say(cluster, `${host?.label ?? address} leaves the cluster`);
  const node = await findNode(kubectl, address, signal);
  const found = host === undefined ? undefined : await askKindly(host, signal);
  if (node !== undefined && found?.isRunning === true) {
    await drainNode(kubectl, node.name, { signal, timeoutMs: limits.drainMs });
  }
  if (host !== undefined && found !== undefined) await stopK0s(cluster, host);
  if (node !== undefined) await deleteNode(kubectl, node.name, signal);
  if (host !== undefined && found !== undefined) await cleanHost(cluster, host);
}
