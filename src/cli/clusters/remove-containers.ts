/** A cluster of containers is deleted: its hosts go, so there is nothing on them to be left as it was. */

import type { Plan } from '../../cluster/index.ts';
import { silent } from '../../progress.ts';
import type { HostEngine } from '../../provider/index.ts';
import type { CliContext } from '../context.ts';
import { type ClusterInputFlags, readClusterfile } from './cluster-input.ts';
import { knownHosts } from './container-hosts.ts';
import type { HostSecrets, OpenWorld } from './open-world.ts';

/**
 * Removes containers, disks and network of a cluster, whatever state it is in; images stay in the engine.
 * @throws SealerError CLUSTER_NOT_FOUND, ENGINE_ERROR, CONFIRMATION_NEEDED, INTERRUPTED
 */
export async function removeContainers(
  context: Pick<CliContext, 'env'>,
  flags: ClusterInputFlags & { readonly dryRun?: boolean | undefined },
  { world }: Pick<OpenWorld, 'world'>,
  engine: HostEngine,
  rest: { readonly secrets: HostSecrets; readonly confirm: (plan: Plan) => Promise<void> },
): Promise<Plan> {
  const { removeContainerHosts } = await import('../../provider/index.ts');
  const named = flags.clusterfile === undefined ? undefined : await nameIn(context, flags, rest.secrets);
  const { name, masters, nodes } = await knownHosts(engine, flags.name ?? named);
  const hosts = [masters, nodes].flatMap((list) => list.split(',').filter((address) => address !== ''));
  const title = `Remove ${hosts.length} containers, their disks and their network`;
  const plan: Plan = {
    cluster: name,
    image: { name: '', digest: '' },
    runtime: 'none',
    steps: [{ id: 'reset', kind: 'reset', title, hosts, reason: 'the cluster is to go', risk: 'destructive' }],
    warnings: [],
  };
  if (flags.dryRun === true) return plan;
  await rest.confirm(plan);
  world.report({ type: 'phase', title });
  await removeContainerHosts(engine, name);
  return plan;
}

async function nameIn(
  context: Pick<CliContext, 'env'>,
  flags: ClusterInputFlags,
  secrets: HostSecrets,
): Promise<string> {
  const bare = { ...flags, masters: undefined, nodes: undefined };
  return (await readClusterfile(context, bare, { secrets, report: silent })).cluster.name;
}
