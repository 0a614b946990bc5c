/** Nodes that wait for a pod network, which an app of the image brings later. */

import { SealerError } from '../../../error.ts';
import { conditionOf, isTrue, mapOf, mapsOf, oneLine } from '../../../kubernetes/fields.ts';
import { poll, type Round } from '../../../kubernetes/poll.ts';
import { describeConditions, listNodes, nodeState, objectsOf, waitForNode } from '../../nodes/index.ts';
import type { NodeState } from '../../runtime.ts';
import type { Driver } from '../driver.ts';

const READY_TIMEOUT_MS = 5 * 60_000;
const HINT = 'Look at the log of its kubelet (journalctl -u kubelet), mend it, and run the same command again.';

/**
 * Waits until a host that joined is a node that is Ready. As long as no node of the cluster has a network, it is enough that the
 * network is all that is missing: the image's CNI comes when its apps are launched.
 * @throws SealerError NODE_NOT_READY
 */
export async function waitForNewNode(driver: Driver, address: string): Promise<NodeState> {
  const { kubectl, signal, now } = driver;
  let missing = 'it is no node of the cluster yet';
  const ended = await poll<NodeState | 'has network'>(
    async (within): Promise<Round<NodeState | 'has network'>> => {
      const answer = await kubectl(['get', 'nodes', '-o', 'json'], { signal: within, allowFailure: true });
      if (answer.code !== 0) {
        missing = `the API does not answer: ${oneLine(answer.stderr, 200)}`;
        return {};
      }
      const nodes = objectsOf(answer.stdout);
      if (nodes.some((node) => isTrue(mapOf(node.status), 'Ready'))) return { done: 'has network' };
      const found = nodes.find((node) => nodeState(node).address === address);
      if (found === undefined) return {};
      missing = describeConditions(found);
      return lacksOnlyNetwork(found) ? { done: nodeState(found) } : {};
    },
    { timeoutMs: READY_TIMEOUT_MS, signal },
  );
  if (ended === undefined) {
    throw new SealerError('NODE_NOT_READY', `${address} is not Ready: ${oneLine(missing, 800)}`, { hint: HINT });
  }
  if (ended.value !== 'has network') return ended.value;
  return await waitForNode(kubectl, address, { timeoutMs: READY_TIMEOUT_MS, signal, now, hint: HINT });
}

/** Whether any node of the cluster has a network. */
export async function hasNetwork(driver: Driver): Promise<boolean> {
  return (await listNodes(driver.kubectl, driver.signal)).some(({ isReady }) => isReady);
}

/** The kubelet says so by one reason in all versions; the text comes from the container runtime. */
function lacksOnlyNetwork(node: Parameters<typeof nodeState>[0]): boolean {
  const status = mapOf(node.status);
  const ready = conditionOf(status, 'Ready');
  const others = mapsOf(status.conditions).filter(({ type }) => type !== 'Ready' && type !== 'NetworkUnavailable');
  return (
    ready?.reason === 'KubeletNotReady' &&
    /network plugin (is )?(not ready|returns error)|cni (plugin not initialized|config uninitialized)|NetworkPluginNotReady/i.test(
      String(ready.message),
    ) &&
    !/runtime (is )?down|container runtime is down/i.test(String(ready.message)) &&
    others.every(({ status: value }) => value === 'False')
  );
}
