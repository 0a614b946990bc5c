/** Commands that look at a cluster, or use it, and change nothing that a plan knows of. */

import type { ClusterWorld, KnownCluster } from '../../cluster/index.ts';
import type { CliContext } from '../context.ts';
import { readTarget } from './cluster-input.ts';
import type { TargetFlags } from './host-flags.ts';
import { openWorld, readSecrets, type WorldFlags } from './open-world.ts';

export type OnKnownFlags = TargetFlags & WorldFlags;

/** Finds the cluster and works with it; what is printed is printed when the progress has ended. */
export async function onKnown<Result>(
  context: CliContext,
  flags: OnKnownFlags,
  command: string,
  work: (known: KnownCluster, world: ClusterWorld) => Promise<Result>,
): Promise<Result> {
  const { openKnownCluster } = await import('../../cluster/index.ts');
  const secrets = await readSecrets(context, flags);
  await using opened = await openWorld(context, flags, command);
  const { world } = opened;
  const target = await readTarget(context, flags, { secrets, report: world.report, engine: opened.engine });
  await using known = await openKnownCluster(target, world);
  return await work(known, world);
}
