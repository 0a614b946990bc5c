/** Steps that launch apps, and wait for what they bring. */

import { SealerError } from '../../error.ts';
import { describeWorkloads, waitForWorkloads as waitForAll, waitForCluster } from '../../kubernetes/index.ts';
import { rootfsFolder } from '../distribution/index.ts';
import { openClusterApi } from '../launch/cluster-api.ts';
import { launchOnHost } from '../launch/launch-on-host.ts';
import { launchesOf } from '../launch/launches.ts';
import type { Step } from '../plan/step.ts';
import { hostsOf, type Run, saveState } from './run.ts';

/** How long all has to stay ready, with nothing new coming up, in milliseconds. */
const SETTLE_MS = 3000;

export async function launch(step: Step, run: Run): Promise<void> {
  const [host] = hostsOf(run, step.hosts);
  const launched = launchesOf(run.image.extension, run.desired.clusterfile, run.desired.env).find(
    ({ name }) => name === step.detail,
  );
  const wanted = run.desired.launches.find(({ name }) => name === step.detail);
  if (host === undefined || launched === undefined || wanted === undefined) throw new Error(`no launch ${step.detail}`);
  run.report({ type: 'start', id: step.id, label: step.title, unit: 'items', total: launched.steps.length });
  await launchOnHost(host, launched.steps, {
    rootfs: rootfsFolder(run.home, run.image.digest),
    home: run.home,
    kubeconfig: await run.runtime.kubeconfig(),
    timeoutMs: run.timeoutMs,
    onLine: (line) => run.report({ type: 'output', id: step.id, line }),
    signal: run.signal,
  });
  run.report({ type: 'end', id: step.id, outcome: 'done' });
  await saveState(run, { launched: { ...run.state.launched, [launched.name]: wanted.digest } });
}

/**
 * Waits until the cluster and all its workloads are ready.
 * @throws SealerError CLUSTER_NOT_READY, WORKLOADS_NOT_READY (each with its events)
 */
export async function waitForWorkloads(_step: Step, run: Run): Promise<void> {
  const { signal, report, timeoutMs } = run;
  const [master] = hostsOf(run, run.desired.masters.slice(0, 1));
  if (master === undefined) throw new Error('no master to ask');
  await using api = await openClusterApi(master, await run.runtime.kubeconfig(), signal);
  await waitForCluster(api.client, { timeoutMs, signal, report });
  const found = await waitForAll(api.client, { timeoutMs, settleMs: SETTLE_MS, signal, report });
  if (found.ready) return;
  const lines = describeWorkloads(found).map((line) => `\n  ${line}`);
  throw new SealerError(
    'WORKLOADS_NOT_READY',
    `Not everything got ready in ${Math.round(timeoutMs / 1000)} s:${lines.join('')}`,
    {
      hint: 'Look at the events above; --timeout gives it more time, --no-wait does not wait.',
    },
  );
}
