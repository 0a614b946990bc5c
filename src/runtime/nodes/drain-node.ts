/** Taking work off a node and giving it back. */

import { SealerError } from '../../error.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { type Kubectl, nodeNamed } from './list-nodes.ts';

export interface DrainOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: 5 minutes. */
  readonly timeoutMs?: number | undefined;
  /** Deletes pods that a PodDisruptionBudget keeps; for hosts that go for good. */
  readonly ignoresBudgets?: boolean | undefined;
}

const DEFAULT_TIMEOUT_MS = 5 * 60_000;
const CONTROLLERS_TIMEOUT_MS = 2 * 60_000;
/** What the node lifecycle controller gives to nodes that are cordoned (Kubernetes, "Taint Nodes by Condition"). */
const CORDONED = 'node.kubernetes.io/unschedulable';

/**
 * Cordons a node and moves its pods away; those of daemon sets stay, pods without an owner are deleted. Unless the node goes for
 * good, nothing is moved before the controllers work: without them, a Service sends its users to pods that are gone.
 * @throws SealerError COMMAND_FAILED, which says which pods stay, or that no controller manager works
 */
export async function drainNode(kubectl: Kubectl, name: string, options: DrainOptions = {}): Promise<void> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, ignoresBudgets = false } = options;
  if (!ignoresBudgets) {
    await cordonNode(kubectl, name, signal);
    await waitForControllers(kubectl, name, { signal, timeoutMs: Math.min(timeoutMs, CONTROLLERS_TIMEOUT_MS) });
  }
  const seconds = Math.ceil(timeoutMs / 1000);
  const how = ['--ignore-daemonsets', '--delete-emptydir-data', '--force', `--timeout=${seconds}s`];
  if (ignoresBudgets) how.push('--disable-eviction');
  // kubectl ends by itself; we kill it only if it does not.
  const answer = await kubectl(['drain', name, ...how], { signal, timeoutMs: timeoutMs + 60_000, allowFailure: true });
  if (answer.code === 0) return;
  const lines = answer.stderr.split('\n').filter((line) => /error|cannot|evict|timed out/i.test(line));
  throw new SealerError(
    'COMMAND_FAILED',
    `${name} could not be drained: ${oneLine((lines.length > 0 ? lines.slice(-5) : [answer.stderr]).join('; '), 600)}`,
    {
      hint: 'A PodDisruptionBudget may keep a pod: give it more replicas, or delete it; then run the same command again.',
    },
  );
}

/**
 * Waits until the cordon of a node has become a taint. That is done by the same process that tells Services which pods are gone;
 * after the master that led was upgraded, it is away for some 20 s until another one leads.
 */
async function waitForControllers(
  kubectl: Kubectl,
  name: string,
  { signal, timeoutMs }: { readonly signal: AbortSignal | undefined; readonly timeoutMs: number },
): Promise<void> {
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const node = await nodeNamed(kubectl, name, within);
      return node?.taints.some(({ key }) => key === CORDONED) === true ? { done: true } : {};
    },
    { timeoutMs, signal },
  );
  if (ended !== undefined) return;
  throw new SealerError(
    'COMMAND_FAILED',
    `${name} was not drained: ${Math.round(timeoutMs / 1000)} s after its cordon, it has no taint ${CORDONED}`,
    {
      hint: "No controller manager works: look at kube-controller-manager's logs on the masters, and run the same command again.",
    },
  );
}

/** Nothing new starts on a node. */
export async function cordonNode(kubectl: Kubectl, name: string, signal?: AbortSignal): Promise<void> {
  await kubectl(['cordon', name], { signal });
}

/** A node takes work again. */
export async function uncordonNode(kubectl: Kubectl, name: string, signal?: AbortSignal): Promise<void> {
  await kubectl(['uncordon', name], { signal });
}

/** Takes a node out of the cluster's list; that it is not there is fine. */
export async function deleteNode(kubectl: Kubectl, name: string, signal?: AbortSignal): Promise<void> {
  await kubectl(['delete', 'node', name, '--ignore-not-found'], { signal });
}
