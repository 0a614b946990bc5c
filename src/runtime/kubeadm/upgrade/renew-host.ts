/** The new programs of one host: it is emptied first, and takes work again afterwards. */

import { SealerError } from '../../../error.ts';
import { installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import { waitForNode, whileDrained } from '../../nodes/index.ts';
import type { NodeState } from '../../runtime.ts';
import { installService, restartService } from '../../services/index.ts';
import { isSameMinor } from '../../version.ts';
import type { Driver } from '../driver.ts';
import { probe } from '../kubectl.ts';
import { startRuntime } from '../prepare/index.ts';
import { KUBELET_SERVICE } from '../prepare/kubelet.ts';
import { programsOf } from '../prepare/programs.ts';

const NODE_TIMEOUT_MS = 5 * 60_000;
/** How long an API server answers without a break before it counts as one that stays. */
const STEADY_MS = 10_000;

/** Drains, installs, restarts, uncordons. */
export async function renewHost(driver: Driver, host: Host, node: NodeState): Promise<void> {
  const { kubectl, home, image, signal, now } = driver;
  await whileDrained(kubectl, { host, node, mark: drainMark(driver), signal }, async () => {
    const changed = await installFiles(host, home, await programsOf(host, image.rootfs, signal), { signal });
    await startRuntime(driver, host, changed);
    await installService(host, home, KUBELET_SERVICE, { signal });
    await restartService(host, 'kubelet', { signal });
    await waitForNode(kubectl, host.address, { timeoutMs: NODE_TIMEOUT_MS, signal, now, version: image.kubeVersion });
    if (node.role === 'master' && !isSameMinor(node.version, image.kubeVersion)) await waitForSteadyApi(driver, host);
  });
}

/**
 * Static pods of a host start anew some time after a kubelet of another minor says that it is Ready (seen from 1.33 to 1.34): nobody
 * else's turn before that is over.
 * @throws SealerError NODE_NOT_READY
 */
async function waitForSteadyApi(driver: Driver, host: Host): Promise<void> {
  const { apiPort } = await driver.settings();
  let [since, said] = [Infinity, ''];
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const answer = await probe(host, apiPort, within);
      said = answer ?? said;
      since = answer === undefined ? Math.min(since, performance.now()) : Infinity;
      return performance.now() - since >= STEADY_MS ? { done: true } : {};
    },
    { timeoutMs: NODE_TIMEOUT_MS, signal: driver.signal },
  );
  if (ended !== undefined) return;
  throw new SealerError('NODE_NOT_READY', `the API server on ${host.label} does not come to rest: ${said}`, {
    hint: `Look at its log (crictl logs) and at the kubelet's on ${host.address}, and run the same command again.`,
  });
}

/** The file that is there while a host's node is cordoned by us. */
export function drainMark({ home }: Pick<Driver, 'home'>): string {
  return `${home}/drained`;
}
