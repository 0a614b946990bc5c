/** Steps that launch apps, and wait for what they bring. */

import { waitForNodes } from '../../runtime/nodes/index.ts';
import { rootfsFolder } from '../distribution/index.ts';
import { awaitWorkloads } from '../launch/await-workloads.ts';
import { openClusterApi } from '../launch/cluster-api.ts';
import { launchOnHost } from '../launch/launch-on-host.ts';
import { launchesOf } from '../launch/launches.ts';
import type { Step } from '../plan/step.ts';
import { hostsOf, type Run, saveState } from './run.ts';

/** Workloads are ready by now, so a kubelet that works has little left to do. */
const NODE_TIMEOUT_MS = 3 * 60_000;

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
 * Waits until the cluster, all its workloads and all its nodes are ready: what runs on a node may be before its kubelet says so.
 * @throws SealerError CLUSTER_NOT_READY, WORKLOADS_NOT_READY (each with its events), NODE_NOT_READY
 */
export async function waitForWorkloads(_step: Step, run: Run): Promise<void> {
  const { signal, report, timeoutMs, runtime, desired } = run;
  const [master] = hostsOf(run, run.desired.masters.slice(0, 1));
  if (master === undefined) throw new Error('no master to ask');
  await using api = await openClusterApi(master, await run.runtime.kubeconfig(), signal);
  await awaitWorkloads(api.client, { timeoutMs, signal, report });
  const members = [...desired.masters, ...desired.nodes];
  await waitForNodes(runtime.kubectl, members, { timeoutMs: NODE_TIMEOUT_MS, signal });
}
