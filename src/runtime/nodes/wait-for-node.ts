/** Waits until a host is a node that is Ready. */

import { SealerError } from '../../error.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import type { NodeState } from '../runtime.ts';
import { type Kubectl, objectsOf } from './list-nodes.ts';
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
  const [state] = await waitForNodes(kubectl, [address], options);
  if (state === undefined) throw new Error('a node that is there has no state');
  return state;
}

/**
 * The same for many, with one question for all of them.
 * @returns their states in the order of the addresses
 * @throws SealerError NODE_NOT_READY, which names those that are missing
 */
export async function waitForNodes(
  kubectl: Kubectl,
  addresses: readonly string[],
  { timeoutMs, signal, version, hint }: WaitForNodeOptions,
): Promise<readonly NodeState[]> {
  let missing: readonly Missing[] = addresses.map((address) => ({ address, why: 'nothing was asked yet' }));
  const ended = await poll<readonly NodeState[]>(
    async (within): Promise<Round<readonly NodeState[]>> => {
      const answer = await kubectl(['get', 'nodes', '-o', 'json'], { signal: within, allowFailure: true });
      if (answer.code !== 0) {
        const why = `the API does not answer: ${oneLine(answer.stderr, 300)}`;
        missing = missing.map(({ address }) => ({ address, why }));
        return {};
      }
      const nodes = new Map(objectsOf(answer.stdout).map((node) => [nodeState(node).address, node]));
      const looks = addresses.map((address) => look(address, nodes.get(address), version));
      missing = looks.filter(isMissing);
      return missing.length === 0 ? { done: looks.filter((each): each is NodeState => !isMissing(each)) } : {};
    },
    { timeoutMs, signal },
  );
  if (ended !== undefined) return ended.value;
  const [first = { address: '', why: '' }, ...others] = missing;
  const more = others.length === 0 ? '' : ` (nor ${others.map(({ address }) => address).join(', ')})`;
  throw new SealerError(
    'NODE_NOT_READY',
    `${first.address} is not Ready after ${Math.round(timeoutMs / 1000)} s: ${oneLine(first.why, 800)}${oneLine(more, 400)}`,
    { hint: hint ?? `Look at the log of the kubelet on ${first.address}, mend it, and run the same command again.` },
  );
}

interface Missing {
  readonly address: string;
  readonly why: string;
}

function isMissing(seen: NodeState | Missing): seen is Missing {
  return 'why' in seen;
}

function look(
  address: string,
  node: Parameters<typeof nodeState>[0] | undefined,
  version: string | undefined,
): NodeState | Missing {
  if (node === undefined) return { address, why: 'it is no node of the cluster yet' };
  const state = nodeState(node);
  if (!state.isReady) return { address, why: describeConditions(node) };
  if (version === undefined || state.version === version) return state;
  return { address, why: `its kubelet is ${state.version}, not ${version}` };
}
