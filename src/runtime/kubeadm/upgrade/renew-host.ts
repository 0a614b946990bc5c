/** The new programs of one host: it is emptied first, and takes work again afterwards. */

import { installFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { drainNode, listNodes, uncordonNode, waitForNode } from '../../nodes/index.ts';
import type { NodeState } from '../../runtime.ts';
import { installService, restartService } from '../../services/index.ts';
import type { Driver } from '../driver.ts';
import { startRuntime } from '../prepare/index.ts';
import { KUBELET_SERVICE } from '../prepare/kubelet.ts';
import { programsOf } from '../prepare/programs.ts';

const NODE_TIMEOUT_MS = 5 * 60_000;

/**
 * Drains, installs, restarts, uncordons. That it was we who cordoned it is written down on the host, for the case that we do not
 * come to the end: a node that somebody else cordoned stays so.
 */
export async function renewHost(driver: Driver, host: Host, node: NodeState): Promise<void> {
  const { kubectl, home, image, signal, now } = driver;
  const mark = `${home}/drained`;
  const isOurs = (await host.readText(mark, { signal })) !== undefined;
  const drains = node.isSchedulable && (await hasElsewhere(driver, node));
  if (drains || isOurs) {
    await host.write(mark, `${node.name}\n`, { mode: 0o600, signal });
    await drainNode(kubectl, node.name, { signal });
  }
  const changed = await installFiles(host, home, await programsOf(host, image.rootfs, signal), { signal });
  await startRuntime(driver, host, changed);
  await installService(host, home, KUBELET_SERVICE, { signal });
  await restartService(host, 'kubelet', { signal });
  await waitForNode(kubectl, host.address, { timeoutMs: NODE_TIMEOUT_MS, signal, now, version: image.kubeVersion });
  if (!drains && !isOurs) return;
  await uncordonNode(kubectl, node.name, signal);
  await host.exec({ argv: ['rm', '-f', mark], signal });
}

/** Whether the pods of a node have anywhere to go. */
async function hasElsewhere({ kubectl, signal }: Driver, node: NodeState): Promise<boolean> {
  const others = (await listNodes(kubectl, signal)).filter(({ name }) => name !== node.name);
  const repels = (each: NodeState): boolean =>
    each.taints.some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute');
  return others.some((each) => each.isReady && each.isSchedulable && (!repels(each) || repels(node)));
}
