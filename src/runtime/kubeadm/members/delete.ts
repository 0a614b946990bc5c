/** Members leave. */

import { SealerError } from '../../../error.ts';
import { forEachHost } from '../../../hosts/index.ts';
import { deleteNode, drainNode, findNode } from '../../nodes/index.ts';
import { checkQuorum } from '../../quorum.ts';
import type { Departing, NodeState } from '../../runtime.ts';
import { stopService } from '../../services/index.ts';
import { cleanHost } from '../clean/clean-host.ts';
import type { Driver } from '../driver.ts';
import { etcdMembers, healthyMembers, removeMember, survivor } from './etcd.ts';
import { tellNodes } from './join-members.ts';
import { resetHost } from './undo.ts';

/** Nodes that are drained at once. */
const BATCH = 4;

const DRAIN_TIMEOUT_MS = 5 * 60_000;

/**
 * Drained, stopped, taken out of the cluster, cleaned; in this order: a kubelet that still runs would register its node again.
 * Of a host that cannot be reached, the cluster alone is told.
 */
export async function deleteNodes(driver: Driver, hosts: readonly Departing[]): Promise<void> {
  await forEachHost(hosts.map(labelled), (each) => deleteWorker(driver, each), { limit: BATCH, signal: driver.signal });
}

/** One at a time. @throws SealerError QUORUM_AT_RISK, LAST_MASTER before anything was done to a master */
export async function deleteMasters(driver: Driver, hosts: readonly Departing[]): Promise<void> {
  for (const each of hosts) {
    driver.signal.throwIfAborted();
    await deleteMaster(driver, each);
  }
}

async function deleteWorker(driver: Driver, leaving: Departing): Promise<void> {
  const { kubectl, signal } = driver;
  const node = await findNode(kubectl, leaving.address, signal);
  if (node !== undefined) await drain(driver, node, leaving);
  const { host } = leaving;
  if (host !== undefined) await resetHost(driver, host);
  if (node !== undefined) await deleteNode(kubectl, node.name, signal);
  if (host === undefined) tellOfLeftovers(driver, leaving);
  else await cleanHost(driver, host);
}

async function deleteMaster(driver: Driver, leaving: Departing): Promise<void> {
  const { kubectl, signal } = driver;
  const { address, host } = leaving;
  const via = await survivor(driver, [address]);
  const members = await etcdMembers(via, signal);
  const healthy = await healthyMembers(via, members, signal);
  checkQuorum({ members: members.map((member) => member.address), healthy, leaving: address });
  driver.forget(address);
  const node = await findNode(kubectl, address, signal);
  if (node !== undefined) await drain(driver, node, leaving);
  await tellNodes(driver, [address]);
  // kubeadm takes its etcd out of the cluster, or only warns that it could not: so it is looked at.
  if (host !== undefined) await resetHost(driver, host);
  await removeMember(via, address, signal);
  if (node !== undefined) {
    await deleteNode(kubectl, node.name, signal);
    await forgetStaticPods(driver, node.name);
  }
  if (host === undefined) tellOfLeftovers(driver, leaving);
  else await cleanHost(driver, host);
}

/**
 * What the API remembers of a master's static pods would go within minutes; until then, kubeadm counts it as a member, and an upgrade
 * leaves CoreDNS and kube-proxy as they are.
 */
async function forgetStaticPods({ kubectl, signal }: Driver, name: string): Promise<void> {
  const which = ['-n', 'kube-system', '-l', 'tier=control-plane', '--field-selector', `spec.nodeName=${name}`];
  const argv = ['delete', 'pods', ...which, '--force', '--grace-period=0', '--ignore-not-found'];
  await kubectl(argv, { signal, allowFailure: true });
}

/** A budget that cannot be kept does not keep a host that is to go; neither does a kubelet that will never answer. */
async function drain(driver: Driver, node: NodeState, leaving: Departing): Promise<void> {
  const { kubectl, signal, report } = driver;
  if (leaving.host === undefined || !node.isReady) {
    await kubectl(['cordon', node.name], { allowFailure: true });
    return;
  }
  try {
    await drainNode(kubectl, node.name, { signal, timeoutMs: DRAIN_TIMEOUT_MS });
  } catch (error) {
    if (!(error instanceof SealerError) || error.code !== 'COMMAND_FAILED') throw error;
    report({ type: 'note', level: 'warning', message: `${error.message}; its pods are deleted now` });
    await drainNode(kubectl, node.name, { signal, timeoutMs: DRAIN_TIMEOUT_MS, ignoresBudgets: true });
  }
}

function tellOfLeftovers({ report, home }: Driver, { address }: Departing): void {
  report({
    type: 'note',
    level: 'warning',
    message: `${address} cannot be reached: the cluster knows it no more, but on the host all is as it was`,
    hint: `If it comes back, run \`kubeadm reset -f\` on it and remove ${home}, or install it anew.`,
  });
}

/** Everything goes: nobody is drained, and no etcd has to agree to anything. */
export async function resetCluster(driver: Driver, hosts: readonly Departing[]): Promise<void> {
  const masters = new Set(driver.masters.map(({ address }) => address));
  const { signal } = driver;
  const clean = async (leaving: Departing): Promise<void> => {
    if (leaving.host === undefined) return tellOfLeftovers(driver, leaving);
    await stopService(leaving.host, 'kubelet', { signal });
    await cleanHost(driver, leaving.host);
  };
  const isMaster = ({ address }: Departing): boolean => masters.has(address);
  await forEachHost(hosts.filter((each) => !isMaster(each)).map(labelled), clean, { limit: 16, signal });
  for (const leaving of hosts.filter(isMaster).toReversed()) await clean(leaving);
}

function labelled(leaving: Departing): Departing & { readonly label: string } {
  return { ...leaving, label: leaving.host?.label ?? leaving.address };
}
