/** What all commands that change a cluster do with a Clusterfile, once they have it. */

import type { Changed, ClusterWorld, RunnableImage } from '../../cluster/index.ts';
import type { Clusterfile } from '../../clusterfile/index.ts';
import type { CliContext } from '../context.ts';
import type { OutputFlags } from '../flags.ts';
import { printResult } from '../print.ts';
import { readTrust, type TrustFlags } from '../trust-flags.ts';
import { type ChangeFlags, toChangeOptions } from './change-flags.ts';
import { type PullMode, requireSigned, runnableImage } from './cluster-image.ts';
import { confirmPlan } from './confirm.ts';
import { describeChange, describePlan } from './describe-plan.ts';
import { writeKubeconfig } from './kubeconfig-file.ts';

export interface RunChangeFlags extends ChangeFlags, OutputFlags, TrustFlags {
  readonly pull?: PullMode | undefined;
  readonly kubeconfigOut?: string | undefined;
}

export interface RunChange {
  readonly clusterfile: Clusterfile;
  readonly world: ClusterWorld;
  /** Default: the Clusterfile's. */
  readonly image?: ((arch: string) => Promise<RunnableImage>) | undefined;
  readonly isRollback?: boolean | undefined;
}

/** Changes the cluster and prints what came of it. */
export async function runChange(context: CliContext, flags: RunChangeFlags, change: RunChange): Promise<Changed> {
  const { changeCluster } = await import('../../cluster/index.ts');
  const { clusterfile, world } = change;
  const { isConfirmed, ...options } = toChangeOptions(flags);
  const trust = await readTrust(flags);
  const { image } = clusterfile.cluster;
  if (trust !== undefined && image !== '') await requireSigned(world, image, { pull: flags.pull, trust });
  const byName = (arch: string) => runnableImage(world, clusterfile.cluster.image, arch, { pull: flags.pull, trust });
  const changed = await changeCluster(
    {
      ...options,
      clusterfile,
      image: change.image ?? byName,
      isRollback: change.isRollback,
      confirm: (plan) => confirmPlan(context, plan, isConfirmed),
    },
    world,
  );
  if (flags.kubeconfigOut !== undefined && changed.kubeconfig !== undefined) {
    await writeKubeconfig(flags.kubeconfigOut, changed.kubeconfig);
  }
  return changed;
}

/** Prints what came of it: the plan of a dry run, else what was done. The kubeconfig is a secret and stays out. */
export function printChange(context: CliContext, flags: RunChangeFlags, changed: Changed, logs: string): void {
  const { plan, sent, times } = changed;
  printResult(context, flags, { ...plan, changed: changed.changed, sent, times, logs }, () => {
    if (flags.quiet === true) return '';
    return flags.dryRun === true ? describePlan(plan) : describeChange(changed, logs);
  });
}
