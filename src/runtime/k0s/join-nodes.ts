/** Workers: in parallel, with one token for all. */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import { listNodes, waitForNode } from '../nodes/index.ts';
import { notReady, startK0s } from './bring-up.ts';
import { JOINS_AT_A_TIME, type K0sCluster, say } from './cluster.ts';
import { installWorker } from './install-arguments.ts';
import { observeHost } from './observe.ts';
import { WORKER } from './paths.ts';
import { checkToken, createToken, placeToken, spendToken } from './tokens.ts';

export async function joinNodes(cluster: K0sCluster, hosts: readonly Host[]): Promise<void> {
  const { signal } = cluster.context;
  const nodes = await listNodes(cluster.kubectl, signal);
  const missing: Host[] = [];
  await inParallel(hosts, JOINS_AT_A_TIME, async (host) => {
    const isKnown = nodes.some((node) => node.address === host.address);
    const { member } = await observeHost(host, signal);
    if (isKnown && member === 'node') await waitUntilReady(cluster, host);
    else missing.push(host);
  });
  if (missing.length === 0) return;
  const master = await cluster.liveMaster();
  const token = await createToken(cluster, master, 'worker');
  try {
    await inParallel(missing, JOINS_AT_A_TIME, async (host) => {
      say(cluster, `${host.label} joins as a worker`);
      await checkToken(cluster, host, token);
      await placeToken(cluster, host, token);
      const { address } = host;
      await startK0s(cluster, host, WORKER, installWorker({ address, home: cluster.context.home, joins: true }));
      await waitUntilReady(cluster, host);
    });
  } finally {
    await spendToken(cluster, master, token, missing);
  }
}

async function waitUntilReady(cluster: K0sCluster, host: Host): Promise<void> {
  const { context, limits, kubectl } = cluster;
  try {
    await waitForNode(kubectl, host.address, { timeoutMs: limits.nodeMs, signal: context.signal, now: context.now });
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw await notReady(cluster, host, WORKER, limits.nodeMs, reason);
  }
}
