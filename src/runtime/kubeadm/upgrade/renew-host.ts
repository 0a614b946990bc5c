/** The new programs of one host: it is emptied first, and takes work again afterwards. */

import { installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { waitForNode, whileDrained } from '../../nodes/index.ts';
import type { NodeState } from '../../runtime.ts';
import { installService, restartService } from '../../services/index.ts';
import type { Driver } from '../driver.ts';
import { startRuntime } from '../prepare/index.ts';
import { KUBELET_SERVICE } from '../prepare/kubelet.ts';
import { programsOf } from '../prepare/programs.ts';

const NODE_TIMEOUT_MS = 5 * 60_000;

/** Drains, installs, restarts, uncordons. */
export async function renewHost(driver: Driver, host: Host, node: NodeState): Promise<void> {
  const { kubectl, home, image, signal, now } = driver;
  await whileDrained(kubectl, { host, node, mark: drainMark(driver), signal }, async () => {
    const changed = await installFiles(host, home, await programsOf(host, image.rootfs, signal), { signal });
    await startRuntime(driver, host, changed);
    await installService(host, home, KUBELET_SERVICE, { signal });
    await restartService(host, 'kubelet', { signal });
    await waitForNode(kubectl, host.address, { timeoutMs: NODE_TIMEOUT_MS, signal, now, version: image.kubeVersion });
  });
}

/** The file that is there while a host's node is cordoned by us. */
export function drainMark({ home }: Pick<Driver, 'home'>): string {
  return `${home}/drained`;
}
