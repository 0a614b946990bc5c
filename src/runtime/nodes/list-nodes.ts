/** The cluster's nodes. */

import { SealerError } from '../../error.ts';
import { type Fields, mapOf, mapsOf, oneLine, stringOf } from '../../kubernetes/fields.ts';
import type { NodeState, Runtime } from '../runtime.ts';
import { nodeState } from './node-state.ts';

export type Kubectl = Runtime['kubectl'];

/** A node is some 10 kB, mostly names of container images; of what a command prints, 4 MiB are kept (`Host.exec`). */
const MOST_OUTPUT = 4 * 1024 * 1024;
const PAGE = 100;

/**
 * All nodes, by name. Where they are too many for one answer, they are asked for in pages.
 * @throws SealerError COMMAND_FAILED if the API does not answer; CLUSTER_API_ERROR if it answers with something else
 */
export async function listNodes(kubectl: Kubectl, signal?: AbortSignal): Promise<NodeState[]> {
  const { stdout } = await kubectl(['get', 'nodes', '-o', 'json'], { signal });
  const nodes =
    Buffer.byteLength(stdout) < MOST_OUTPUT ? nodesOf(stdout).map(nodeState) : await inPages(kubectl, signal);
  return nodes.toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** Kubernetes' own paging (API concepts, "Retrieving large results sets in chunks"); all of its releases have it. */
async function inPages(kubectl: Kubectl, signal: AbortSignal | undefined): Promise<NodeState[]> {
  const nodes: NodeState[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const from = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
    const { stdout } = await kubectl(['get', '--raw', `/api/v1/nodes?limit=${PAGE}${from}`], { signal });
    nodes.push(...nodesOf(stdout).map(nodeState));
    next = stringOf(mapOf(mapOf(JSON.parse(stdout)).metadata).continue);
  }
  return nodes;
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
