/** Waiting for what a launch brings. */

import { SealerError } from '../../error.ts';
import { describeWorkloads, type KubernetesClient, waitForCluster, waitForWorkloads } from '../../kubernetes/index.ts';
import type { Report } from '../../progress.ts';

/** How long all has to stay ready, with nothing new coming up, in milliseconds. */
const SETTLE_MS = 3000;

/**
 * Waits until the cluster and all its workloads are ready.
 * @throws SealerError CLUSTER_NOT_READY, WORKLOADS_NOT_READY (each with its events)
 */
export async function awaitWorkloads(
  client: KubernetesClient,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal; readonly report: Report },
): Promise<void> {
  const { timeoutMs } = options;
  await waitForCluster(client, options);
  const found = await waitForWorkloads(client, { ...options, settleMs: SETTLE_MS });
  if (found.ready) return;
  const lines = describeWorkloads(found).map((line) => `\n  ${line}`);
  throw new SealerError(
    'WORKLOADS_NOT_READY',
    `Not everything got ready in ${Math.round(timeoutMs / 1000)} s:${lines.join('')}`,
    { hint: 'Look at the events above; --timeout gives it more time, --no-wait does not wait.' },
  );
}
