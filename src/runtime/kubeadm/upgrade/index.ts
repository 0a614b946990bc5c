/** From one version of Kubernetes to the next (kubernetes.io, kubeadm-upgrade): masters one at a time, then nodes. */

import { SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { forEachHost } from '../../../hosts/index.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import { isMarked, listNodes, waitForNode } from '../../nodes/index.ts';
import type { NodeState } from '../../runtime.ts';
import { checkUpgrade } from '../../version.ts';
import type { Driver } from '../driver.ts';
import { routeNode } from '../endpoint/route-node.ts';
import { masterAddresses } from '../members/join-members.ts';
import { apiServerVersions, clusterMetadata } from '../metadata.ts';
import { preloadImages } from '../prepare/preload.ts';
import { differing, programsOf } from '../prepare/programs.ts';
import { runKubeadm } from '../run-kubeadm.ts';
import { takeSnapshot } from '../snapshot.ts';
import { brokenUpgrade, hasStaticPods, upgradeControlPlane } from './control-plane.ts';
import { drainMark, renewHost } from './renew-host.ts';

const NODE_TIMEOUT_MS = 5 * 60_000;
const TOLD_TIMEOUT_MS = 2 * 60_000;

/**
 * Brings the cluster to the version of the driver's image, whose rootfs is on all hosts. What is done already is seen and left out,
 * so a run that stopped goes on where it did.
 * @throws SealerError DOWNGRADE, UPGRADE_SKIPS_MINOR, NODE_NOT_READY before anything changed; STEP_FAILED, which names the
 *   host at which it stopped
 */
export async function upgradeCluster(driver: Driver): Promise<void> {
  const { kubectl, signal, image, report } = driver;
  const { version, nodes } = await clusterMetadata(driver);
  checkUpgrade(version, image.kubeVersion);
  const hosts = membersOf(driver, nodes);
  const isDone = await Promise.all(hosts.map((each) => isUpgraded(driver, each)));
  const left = hosts.filter((_, i) => isDone[i] === false);
  if (left.length === 0) return;
  const silent = nodes.filter(({ isReady, address }) => !isReady && !left.some(({ host }) => host.address === address));
  if (silent.length > 0) {
    throw new SealerError('NODE_NOT_READY', `nodes are not Ready: ${silent.map(({ name }) => name).join(', ')}`, {
      hint: 'Mend or remove them first: an upgrade takes the nodes away one by one.',
    });
  }
  report({
    type: 'note',
    level: 'info',
    message: `snapshot of etcd before the upgrade: ${await takeSnapshot(driver)}`,
  });
  const preload = (host: Host): Promise<void> => preloadImages(host, driver, image.rootfs);
  await forEachHost(
    left.map(({ host }) => host),
    preload,
    { limit: 16, signal },
  );
  for (const [i, each] of left.entries()) {
    signal.throwIfAborted();
    await upgradeMember(driver, each).catch((error: unknown) => {
      throw stopped(
        error,
        signal,
        each.host,
        left.slice(i + 1).map(({ host }) => host),
      );
    });
  }
  await waitForApiServers(driver);
  const current = await listNodes(kubectl, signal);
  const odd = current.filter(
    (node) => node.version !== image.kubeVersion && hosts.some(({ host }) => host.address === node.address),
  );
  if (odd.length === 0) return;
  throw new SealerError('STEP_FAILED', `nodes have another version still: ${odd.map(({ name }) => name).join(', ')}`);
}

/** A kubelet that was started again tells late what its static pods are. */
async function waitForApiServers(driver: Driver): Promise<void> {
  const { image, signal, report } = driver;
  const isNew = (version: string): boolean => version === image.kubeVersion;
  const told = await poll<true>(
    async (): Promise<Round<true>> => ((await apiServerVersions(driver)).every(isNew) ? { done: true } : {}),
    { timeoutMs: TOLD_TIMEOUT_MS, signal },
  );
  if (told !== undefined) return;
  const message = `not every API server is known as ${image.kubeVersion} yet`;
  report({ type: 'note', level: 'warning', message, hint: 'Look at `sealer status` in a while.' });
}

interface Member {
  readonly host: Host;
  readonly node: NodeState;
}

/** In the order of the upgrade. */
function membersOf({ masters, nodes }: Driver, states: readonly NodeState[]): readonly Member[] {
  return [...masters, ...nodes].flatMap((host) => {
    const node = states.find(({ address }) => address === host.address);
    return node === undefined ? [] : [{ host, node }];
  });
}

/** A host is done if its kubelet, its static pods and its programs are of the new image, and its node works. */
async function isUpgraded(driver: Driver, { host, node }: Member): Promise<boolean> {
  const { image, signal } = driver;
  if (!node.isReady || node.version !== image.kubeVersion) return false;
  if (await isMarked(host, drainMark(driver), signal)) return false;
  if ((await brokenUpgrade(driver, host)) !== undefined) return false;
  if (node.role === 'master' && !(await hasStaticPods(driver, host))) return false;
  return (await differing(host, await programsOf(host, image.rootfs, signal), signal)).length === 0;
}

async function upgradeMember(driver: Driver, { host, node }: Member): Promise<void> {
  const { kubectl, signal, now, image } = driver;
  const kubeadm = `${image.rootfs}/bin/kubeadm`;
  if (node.role === 'master') await upgradeControlPlane(driver, host, kubeadm);
  else if (node.version !== image.kubeVersion)
    await runKubeadm(driver, host, ['upgrade', 'node'], { program: kubeadm });
  await renewHost(driver, host, node);
  await waitForNode(kubectl, host.address, { timeoutMs: NODE_TIMEOUT_MS, signal, now, version: image.kubeVersion });
  // A new haproxy, perhaps.
  if (node.role === 'node') await routeNode(driver, host, await masterAddresses(driver));
}

function stopped(error: unknown, signal: AbortSignal, at: Host, left: readonly Host[]): unknown {
  if (signal.aborted || !(error instanceof SealerError)) return error;
  const rest = left.length === 0 ? '' : `; not begun: ${left.map(({ address }) => address).join(', ')}`;
  return new SealerError('STEP_FAILED', `the upgrade stopped at ${at.label}: ${error.message}${rest}`, {
    hint: `${error.hint === undefined ? '' : `${error.hint} `}The upgrade goes on from ${at.address} when the same command runs again.`,
    cause: error,
    problems: [{ code: error.code, message: error.message, hint: error.hint }],
  });
}
