/** Work on a host that would disturb its pods: its node is emptied before, and takes pods again afterwards. */

import type { Host } from '../../hosts/host.ts';
import type { NodeState } from '../runtime.ts';
import { drainNode, uncordonNode } from './drain-node.ts';
import { hasElsewhere } from './has-elsewhere.ts';
import type { Kubectl } from './list-nodes.ts';

export interface DrainedHost {
  readonly host: Host;
  /** Undefined: it is no node, or not yet. */
  readonly node: NodeState | undefined;
  /** Path of a file on the host, which is there while a cordon of ours is. */
  readonly mark: string;
  readonly signal: AbortSignal;
  /** For the drain alone. */
  readonly timeoutMs?: number | undefined;
}

/**
 * Drains the node of a host, does the work, and lets the node take pods again. Where the pods have nowhere to go, they stay. That
 * it was we who cordoned is written down on the host, for the case that we do not come to the end: a node that somebody else
 * cordoned stays so.
 * @throws SealerError COMMAND_FAILED if a pod cannot be moved; whatever `work` throws, and then the node stays cordoned
 */
export async function whileDrained(
  kubectl: Kubectl,
  { host, node, mark, signal, timeoutMs }: DrainedHost,
  work: () => Promise<void>,
): Promise<void> {
  const isOurs = await isMarked(host, mark, signal);
  // A kubelet that does not answer ends no pod.
  const drains =
    node?.isReady === true && (isOurs || (node.isSchedulable && (await hasElsewhere(kubectl, node, signal))));
  if (drains) {
    await host.write(mark, `${node.name}\n`, { mode: 0o600, signal });
    await drainNode(kubectl, node.name, { signal, timeoutMs });
  }
  await work();
  if (node === undefined || (!drains && !isOurs)) return;
  await uncordonNode(kubectl, node.name, signal);
  await host.exec({ argv: ['rm', '-f', mark], signal });
}

/** Whether a run of ours cordoned the node of a host and did not come to its end. */
export async function isMarked(host: Host, mark: string, signal: AbortSignal): Promise<boolean> {
  return (await host.readText(mark, { signal })) !== undefined;
}
