/** One rehearsal: the launch of an image, and the wait until its workloads are ready. */

import type { ImageExtension } from '../cluster-image/index.ts';
import { SealerError } from '../error.ts';
import { type WorkloadReport, waitForWorkloads } from '../kubernetes/index.ts';
import { type LaunchStep, planLaunch, runLaunch } from '../launch/index.ts';
import { renderTemplate } from '../render/index.ts';
import type { ClusterOptions, RehearsalCluster, RehearsalWorld } from './cluster.ts';
import { toolPath } from './tool-path.ts';

export interface Rehearsal {
  /** The unpacked files of the image; written to. */
  readonly rootfs: string;
  readonly extension: ImageExtension;
  readonly cluster: ClusterOptions;
  /** Uids of what the cluster brought along. */
  readonly ignore: ReadonlySet<string>;
  /** Called when the cluster is ready and the launch about to begin: what was pulled so far was the cluster's own. */
  readonly onLaunch?: (() => void) | undefined;
  /** Whether to wait no longer: something is missing for good. */
  readonly isHopeless?: (() => boolean) | undefined;
}

/**
 * Runs the launch of an image on a cluster, and waits until every workload that came of it is ready, or time is up.
 * @throws SealerError LAUNCH_FAILED, CLUSTER_UNREACHABLE
 */
export async function rehearse(
  rehearsal: Rehearsal,
  { kubeconfig, api }: RehearsalCluster,
  world: RehearsalWorld,
): Promise<WorkloadReport> {
  const { rootfs, extension, cluster, ignore, isHopeless } = rehearsal;
  const { report, signal, store, env } = world;
  const steps = launchSteps(extension);
  rehearsal.onLaunch?.();
  report({ type: 'phase', title: 'Launch' });
  const id = 'launch';
  report({ type: 'start', id, label: 'Launching the image', unit: 'items' });
  try {
    await using links = await store.scratch('launch-tools');
    await runLaunch(steps, {
      ...{ rootfs, kubeconfig, signal },
      renderTemplate: (text, file, env) => renderTemplate(text, file, env).text,
      env: extension.env,
      apps: extension.applications,
      path: await toolPath(links.path, { env, toolsFolder: await store.cacheFolder('tools') }),
      onLine: (line) => report({ type: 'output', id, line }),
    });
    report({ type: 'end', id, outcome: 'done' });
  } catch (error) {
    report({ type: 'end', id, outcome: signal?.aborted === true ? 'cancelled' : 'failed' });
    throw error;
  }
  const { timeoutMs, settleMs } = cluster;
  return await waitForWorkloads(api, { timeoutMs, settleMs, signal, report, ignore, isHopeless });
}

/**
 * What an image launches; asked before a cluster is started for it.
 * @throws SealerError LAUNCH_FAILED if that is nothing
 */
export function launchSteps(extension: ImageExtension): readonly LaunchStep[] {
  const steps = planLaunch(extension);
  if (steps.length > 0) return steps;
  throw new SealerError('LAUNCH_FAILED', 'The image launches nothing', {
    hint: 'Add LAUNCH, CMDS or CMD to the Kubefile: what is never started pulls no image.',
  });
}
