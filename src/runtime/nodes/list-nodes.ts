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
  const isWhole = Buffer.byteLength(stdout) < MOST_OUTPUT;
  const nodes = isWhole ? objectsOf(stdout) : await inPages(kubectl, '/api/v1/nodes?', signal);
  return nodes.map(nodeState).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** The pods on a node, as the API has them. */
export async function podsOn(kubectl: Kubectl, name: string, signal?: AbortSignal): Promise<readonly Fields[]> {
  return await inPages(kubectl, `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${name}`)}&`, signal);
}

/**
 * Kubernetes' own paging (API concepts, "Retrieving large results sets in chunks"); all of its releases have it.
 * @param path of a list, with `?` or `&` at its end
 */
async function inPages(kubectl: Kubectl, path: string, signal: AbortSignal | undefined): Promise<readonly Fields[]> {
  const items: Fields[] = [];
  for (let next: string | undefined = ''; next !== undefined; ) {
    const from = next === '' ? '' : `&continue=${encodeURIComponent(next)}`;
    const { stdout } = await kubectl(['get', '--raw', `${path}limit=${PAGE}${from}`], { signal });
    items.push(...objectsOf(stdout));
    next = stringOf(mapOf(mapOf(JSON.parse(stdout)).metadata).continue);
  }
  return items;
}

/** The node with a name; undefined if there is none, or if the API does not answer. */
export async function nodeNamed(kubectl: Kubectl, name: string, signal?: AbortSignal): Promise<NodeState | undefined> {
  const argv = ['get', 'node', name, '-o', 'json', '--ignore-not-found'];
  const { code, stdout } = await kubectl(argv, { signal, allowFailure: true });
  return code === 0 && stdout.trim() !== '' ? nodeState(mapOf(JSON.parse(stdout))) : undefined;
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
 * The objects of a list, such as the output of `kubectl get nodes -o json`.
 * @throws SealerError CLUSTER_API_ERROR
 */
export function objectsOf(json: string): readonly Fields[] {
  try {
    const list: unknown = JSON.parse(json);
    return mapsOf(mapOf(list).items);
  } catch (cause) {
    throw new SealerError('CLUSTER_API_ERROR', `kubectl gave no list, but: ${oneLine(json, 200)}`, { cause });
  }
}
