/** Taking work off a node and giving it back. */

import { SealerError } from '../../error.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import type { Kubectl } from './list-nodes.ts';

export interface DrainOptions {
  readonly signal?: AbortSignal | undefined;
  /** Default: 5 minutes. */
  readonly timeoutMs?: number | undefined;
  /** Deletes pods that a PodDisruptionBudget keeps; for hosts that go for good. */
  readonly ignoresBudgets?: boolean | undefined;
}

const DEFAULT_TIMEOUT_MS = 5 * 60_000;

/**
 * Cordons a node and moves its pods away; those of daemon sets stay, pods without an owner are deleted.
 * @throws SealerError COMMAND_FAILED, which says which pods stay
 */
export async function drainNode(kubectl: Kubectl, name: string, options: DrainOptions = {}): Promise<void> {
  const { signal, timeoutMs = DEFAULT_TIMEOUT_MS, ignoresBudgets = false } = options;
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
