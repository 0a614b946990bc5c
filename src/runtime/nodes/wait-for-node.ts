/** Waits until a host is a node that is Ready. */

import { SealerError } from '../../error.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import type { NodeState } from '../runtime.ts';
import { type Kubectl, nodesOf } from './list-nodes.ts';
import { describeConditions, nodeState } from './node-state.ts';

export interface WaitForNodeOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly now?: (() => number) | undefined;
  /** Its kubelet must have this version as well: a node says Ready for a while after its kubelet went. */
  readonly version?: string | undefined;
  /** What to do if it does not get Ready. */
  readonly hint?: string | undefined;
}

/**
 * Waits for the node with this InternalIP. That the API does not answer for a while is part of waiting.
 * @throws SealerError NODE_NOT_READY with the conditions and their reasons; the signal's reason
 */
export async function waitForNode(kubectl: Kubectl, address: string, options: WaitForNodeOptions): Promise<NodeState> {
  const { timeoutMs, signal, version } = options;
  let missing = 'nothing was asked yet';
  const ended = await poll<NodeState>(
    async (within): Promise<Round<NodeState>> => {
      const answer = await kubectl(['get', 'nodes', '-o', 'json'], { signal: within, allowFailure: true });
      if (answer.code !== 0) {
        missing = `the API does not answer: ${oneLine(answer.stderr, 300)}`;
        return {};
      }
      const found = nodesOf(answer.stdout).find((node) => nodeState(node).address === address);
      if (found === undefined) {
        missing = 'it is no node of the cluster yet';
        return {};
      }
      const state = nodeState(found);
      const isRight = version === undefined || state.version === version;
      if (state.isReady && isRight) return { done: state };
      missing = state.isReady ? `its kubelet is ${state.version}, not ${version}` : describeConditions(found);
      return {};
    },
    { timeoutMs, signal },
  );
  if (ended !== undefined) return ended.value;
  throw new SealerError(
    'NODE_NOT_READY',
    `${address} is not Ready after ${Math.round(timeoutMs / 1000)} s: ${oneLine(missing, 800)}`,
    { hint: options.hint ?? `Look at the log of the kubelet on ${address}, mend it, and run the same command again.` },
  );
}
