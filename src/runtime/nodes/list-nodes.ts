/** The cluster's nodes. */

import { SealerError } from '../../error.ts';
import { type Fields, mapOf, mapsOf, oneLine } from '../../kubernetes/fields.ts';
import type { NodeState, Runtime } from '../runtime.ts';
import { nodeState } from './node-state.ts';

export type Kubectl = Runtime['kubectl'];

/**
 * All nodes, by name.
 * @throws SealerError COMMAND_FAILED if the API does not answer; CLUSTER_API_ERROR if it answers with something else
 */
export async function listNodes(kubectl: Kubectl, signal?: AbortSignal): Promise<NodeState[]> {
  const { stdout } = await kubectl(['get', 'nodes', '-o', 'json'], { signal });
  return nodesOf(stdout)
    .map(nodeState)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The node of a host, or undefined. */
export async function findNode(
  kubectl: Kubectl,
  address: string,
  signal?: AbortSignal,
): Promise<NodeState | undefined> {
  return (await listNodes(kubectl, signal)).find((node) => node.address === address);
}

/**
 * Node objects in the output of `kubectl get nodes -o json`.
 * @throws SealerError CLUSTER_API_ERROR
 */
export function nodesOf(json: string): readonly Fields[] {
  try {
    const list: unknown = JSON.parse(json);
    return mapsOf(mapOf(list).items);
  } catch (cause) {
    throw new SealerError('CLUSTER_API_ERROR', `kubectl gave no list of nodes, but: ${oneLine(json, 200)}`, { cause });
  }
}
