/** To another version: a backup, the controllers one by one, then the workers. A run that broke is gone on with. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { inParallel } from '../../parallel.ts';
import { findNode, isMarked, whileDrained } from '../nodes/index.ts';
import type { NodeState, RuntimeImage } from '../runtime.ts';
import { startService, stopService } from '../services/index.ts';
import { checkUpgrade } from '../version.ts';
import { backUp } from './backup.ts';
import { askKindly, notReady, waitForController } from './bring-up.ts';
import { HOSTS_AT_A_TIME, type K0sCluster, say } from './cluster.ts';
import { configSources, writeConfig } from './config-file.ts';
import { type Observed, observeHost } from './observe.ts';
import { CONTROLLER, ownFolder, type Service, WORKER } from './paths.ts';
import { installImages, installProgram } from './prepare.ts';

const STOP_MS = 5 * 60_000;

export async function upgrade(cluster: K0sCluster, to: RuntimeImage): Promise<void> {
  const { context } = cluster;
  const [masters, nodes] = [await members(cluster, context.masters), await members(cluster, context.nodes)];
  const all = [...masters, ...nodes];
  for (const { found } of all) if (found.version !== undefined) checkUpgrade(found.version, to.kubeVersion);
  // DaemonSets of the new version roll out as soon as one controller has it.
  await inParallel(all, HOSTS_AT_A_TIME, ({ host }) => installImages(cluster, host, to));
  if (masters.some(({ found }) => !isDone(found, to))) await saveBefore(cluster);
  for (const { host } of masters) await upgradeController(cluster, host, to);
  for (const { host } of nodes) await upgradeWorker(cluster, host, to);
}

/** Hosts that are to join later have nothing to upgrade. */
async function members(
  { context: { signal } }: K0sCluster,
  hosts: readonly Host[],
): Promise<readonly { readonly host: Host; readonly found: Observed }[]> {
  const found = await inParallel(hosts, HOSTS_AT_A_TIME, async (host) => ({
    host,
    found: await observeHost(host, signal),
  }));
  return found.filter((each) => each.found.service !== undefined);
}

/** There is no way back but this. */
async function saveBefore(cluster: K0sCluster): Promise<void> {
  const master = await cluster.liveMaster();
  say(cluster, `backup before the upgrade: ${await backUp(cluster, master)} on ${master.label}`);
}

/**
 * Its containers outlive the stop, so its pods are not moved away; the others answer meanwhile.
 * The config may be another in the new image: every controller writes its own.
 */
async function upgradeController(cluster: K0sCluster, host: Host, to: RuntimeImage): Promise<void> {
  const { context } = cluster;
  context.signal.throwIfAborted();
  const found = await observeHost(host, context.signal);
  if (!isDone(found, to)) {
    say(cluster, `${host.label} (controller): k0s ${found.version ?? 'unknown'} becomes ${to.kubeVersion}`);
    await stopService(host, CONTROLLER, { signal: context.signal, timeoutMs: STOP_MS });
    await installProgram(cluster, host, to);
    await writeConfig(cluster, host, await configSources(cluster, to, host, context.masters));
    await startService(host, CONTROLLER, { signal: context.signal, isDetached: true });
  }
  await waitForController(cluster, host, to.kubeVersion);
  await waitForNew(cluster, host, to, CONTROLLER);
}

async function upgradeWorker(cluster: K0sCluster, host: Host, to: RuntimeImage): Promise<void> {
  const { context, kubectl, limits } = cluster;
  const { signal } = context;
  signal.throwIfAborted();
  const found = await observeHost(host, signal);
  const node = await findNode(kubectl, host.address, signal);
  const mark = `${ownFolder(context.home)}/cordoned`;
  if (isDone(found, to) && node?.isReady === true && !(await isMarked(host, mark, signal))) return;
  await whileDrained(kubectl, { host, node, mark, signal, timeoutMs: limits.drainMs }, async () => {
    if (!isDone(found, to)) {
      say(cluster, `${host.label}: k0s ${found.version ?? 'unknown'} becomes ${to.kubeVersion}`);
      await stopService(host, WORKER, { signal, timeoutMs: STOP_MS });
      await installProgram(cluster, host, to);
      await startService(host, WORKER, { signal, isDetached: true });
    }
    await waitForNew(cluster, host, to, WORKER);
  });
}

/** Waits until the kubelet is of the new version and Ready: what the API remembers of the old one does not count. */
async function waitForNew(cluster: K0sCluster, host: Host, to: RuntimeImage, service: Service): Promise<NodeState> {
  const { context, limits } = cluster;
  let missing = 'it was not asked yet';
  const ended = await poll<NodeState>(
    async (within): Promise<Round<NodeState>> => {
      const found = await askKindly(host, within);
      if (found === undefined || !isDone(found, to)) {
        missing = found?.reason ?? `k0s ${found?.runningVersion ?? ''} runs, not ${to.kubeVersion}`;
        return {};
      }
      const node = await findKindly(cluster, host.address, within);
      if (node?.isReady === true && release(node.version) === release(to.kubeVersion)) return { done: node };
      missing = node === undefined ? 'its node is not known' : `its kubelet is ${node.version}, and not Ready yet`;
      return {};
    },
    { timeoutMs: limits.nodeMs, signal: context.signal, slowestMs: 2000 },
  );
  if (ended !== undefined) return ended.value;
  throw await notReady(cluster, host, service, limits.nodeMs, missing);
}

async function findKindly(
  { kubectl }: K0sCluster,
  address: string,
  signal: AbortSignal,
): Promise<NodeState | undefined> {
  try {
    return await findNode(kubectl, address, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SealerError) return undefined;
    throw error;
  }
}

function isDone({ isRunning, runningVersion }: Observed, { kubeVersion }: RuntimeImage): boolean {
  return isRunning && runningVersion === kubeVersion;
}

/** k0s's kubelets say `v1.33.4+k0s`, without the number. */
function release(version: string): string {
  return version.split('+')[0] ?? version;
}
