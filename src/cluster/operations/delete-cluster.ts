/** Takes a whole cluster away: its hosts are as they were before. */

import { SealerError } from '../../error.ts';
import { inParallel } from '../../parallel.ts';
import type { Departing } from '../../runtime/runtime.ts';
import { cleanHost } from '../apply/clean-host.ts';
import type { Plan, Step } from '../plan/step.ts';
import { lockCluster } from '../state/lock.ts';
import type { ClusterWorld } from '../world.ts';
import type { KnownCluster } from './known-cluster.ts';
import { checkStillLatest } from './still-latest.ts';
import { uninstallPlugins } from './uninstall-plugins.ts';

export interface DeleteOptions {
  readonly dryRun: boolean;
  readonly lock: { readonly waitMs: number; readonly force: boolean };
  /** @throws SealerError CONFIRMATION_NEEDED, INTERRUPTED */
  readonly confirm: (plan: Plan) => Promise<void>;
}

/** What deleting a cluster does. */
export function deletionPlan({ saved, masters, nodes }: KnownCluster): Plan {
  const hosts = [...nodes, ...masters].map(({ address }) => address);
  const step = (kind: Step['kind'], title: string): Step => ({
    ...{ id: kind, kind, title, hosts },
    reason: 'the cluster is to go',
    risk: kind === 'reset' ? 'destructive' : 'none',
  });
  return {
    cluster: saved.name,
    image: saved.image,
    runtime: saved.runtime,
    steps: [
      step('reset', `Take ${saved.runtime} off ${hosts.length} hosts`),
      step('clean', 'Leave the hosts as they were'),
    ],
    warnings: [],
  };
}

/**
 * Deletes a cluster. Hosts that cannot be reached are named, and left as they are; run again when they are back.
 * @throws SealerError CLUSTER_LOCKED; HOST_UNREACHABLE naming them, once the others are done
 */
export async function deleteCluster(known: KnownCluster, options: DeleteOptions, world: ClusterWorld): Promise<Plan> {
  const plan = deletionPlan(known);
  if (options.dryRun) return plan;
  await options.confirm(plan);
  const { fleet, home, masters, nodes, runtime } = known;
  const all = [...nodes, ...masters];
  const unreachable = new Set(await fleet.reach(all));
  const reachable = all.filter(({ address }) => !unreachable.has(address));
  const holder = { by: world.by, command: world.command, since: new Date(world.now()).toISOString() };
  const lockable = masters.filter(({ address }) => !unreachable.has(address));
  await using lock = await lockCluster(lockable, home, holder, { ...options.lock, signal: world.signal });
  await checkStillLatest(known, lockable);
  const signal = AbortSignal.any([world.signal, lock.lost]);
  const plugins = await uninstallPlugins(known, { reachable, report: world.report, signal });
  await plugins.before();
  world.report({ type: 'phase', title: plan.steps[0]?.title ?? '' });
  const departing = all.map(
    (host): Departing => (unreachable.has(host.address) ? { address: host.address } : { address: host.address, host }),
  );
  await runtime.reset(departing);
  await plugins.after();
  world.report({ type: 'phase', title: 'Leave the hosts as they were' });
  // Masters last: who comes again finds the state there.
  const last = new Set(masters);
  const lost = new Set(await fleet.reach(known.leftovers));
  await inParallel(
    [...reachable.filter((host) => !last.has(host)), ...known.leftovers.filter(({ address }) => !lost.has(address))],
    fleet.limit,
    (host) => cleanHost(host, home, signal),
  );
  if (unreachable.size > 0) {
    throw new SealerError('HOST_UNREACHABLE', `${[...unreachable].join(', ')} cannot be reached, and is as it was`, {
      hint: 'The other hosts are done, but masters remember the cluster: run this again when those are back.',
    });
  }
  for (const host of [...lockable].reverse()) await cleanHost(host, home, signal);
  return plan;
}
