/** Controllers: the first, and those that join it, one at a time. */

import type { Host } from '../../hosts/host.ts';
import { keepsTaint, waitForNode } from '../nodes/index.ts';
import { notReady, startK0s, waitForController } from './bring-up.ts';
import type { K0sCluster } from './cluster.ts';
import { say } from './cluster.ts';
import { configSources, writeConfig } from './config-file.ts';
import { hasEtcdMember, leaveEtcd, waitForEtcdMember } from './etcd-members.ts';
import { installController } from './install-arguments.ts';
import { whyNotReady } from './masters.ts';
import { observeHost } from './observe.ts';
import { CONTROLLER } from './paths.ts';
import { checkToken, createToken, placeToken, spendToken } from './tokens.ts';

/** Makes the first master a cluster; if another master is in one already, the first joins that. */
export async function init(cluster: K0sCluster): Promise<void> {
  const { masters, signal } = cluster.context;
  const [first, ...others] = masters;
  if (first === undefined) return;
  if ((await observeHost(first, signal)).member === 'absent') {
    const living = await Promise.all(others.map((host) => isLiving(host, signal)));
    if (living.includes(true)) return joinMasters(cluster, [first]);
  }
  await bringUp(cluster, first, masters, false);
}

/** Each is Ready before the next begins: etcd learns of one member at a time. */
export async function joinMasters(cluster: K0sCluster, hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) {
    cluster.context.signal.throwIfAborted();
    await joinMaster(cluster, host);
  }
}

async function joinMaster(cluster: K0sCluster, host: Host): Promise<void> {
  const { masters } = cluster.context;
  const survivor = await cluster.liveMaster(new Set([host.address]));
  const isMember = await hasEtcdMember(cluster, survivor, host.address);
  const { member, isRunning } = await observeHost(host, cluster.context.signal);
  if (isMember && isRunning && member === 'master') {
    await waitUntilReady(cluster, host);
    return;
  }
  // A member of that address without its data would never vote, and would keep the new one from joining.
  if (isMember && member === 'absent') await leaveEtcd(cluster, survivor, host.address, { isRunning: false });
  say(cluster, `${host.label} joins as a controller`);
  const token = await createToken(cluster, survivor, 'controller');
  try {
    await checkToken(cluster, host, token);
    await placeToken(cluster, host, token);
    await bringUp(cluster, host, [...masters.filter((each) => each !== host), survivor], true);
    await waitForEtcdMember(cluster, survivor, host.address);
  } finally {
    await spendToken(cluster, survivor, token, [host]);
  }
}

/** @param peers controllers whose files tell which SANs there are already */
async function bringUp(cluster: K0sCluster, host: Host, peers: readonly Host[], joins: boolean): Promise<void> {
  const { context } = cluster;
  const found = await observeHost(host, context.signal);
  if (found.member !== 'master' || !found.isRunning || joins) {
    await writeConfig(cluster, host, await configSources(cluster, context.image, host, peers));
    const isTainted = keepsTaint(host.address, context.cluster.cluster.hosts);
    const question = { address: host.address, home: context.home, joins };
    await startK0s(cluster, host, CONTROLLER, installController(question, isTainted));
  }
  await waitUntilReady(cluster, host);
}

async function waitUntilReady(cluster: K0sCluster, host: Host): Promise<void> {
  const { context, limits, kubectl } = cluster;
  await waitForController(cluster, host);
  try {
    await waitForNode(kubectl, host.address, { timeoutMs: limits.nodeMs, signal: context.signal, now: context.now });
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = error instanceof Error ? error.message : String(error);
    throw await notReady(cluster, host, CONTROLLER, limits.nodeMs, reason);
  }
}

async function isLiving(host: Host, signal: AbortSignal): Promise<boolean> {
  return (await whyNotReady(host, signal)) === undefined;
}
