/** The Clusterfile that a command line means, with hosts that are made where none are named. */

import type { Clusterfile } from '../../clusterfile/index.ts';
import { silent } from '../../progress.ts';
import type { CliContext } from '../context.ts';
import { type ClusterInputFlags, readClusterfile } from './cluster-input.ts';
import { dropHosts, makeHosts, readCounts } from './container-hosts.ts';
import type { HostSecrets, OpenWorld } from './open-world.ts';

/** Disposing takes away hosts that were made for a dry run. */
export interface ClusterInput extends AsyncDisposable {
  readonly clusterfile: Clusterfile;
  /** To be called when the cluster is as the Clusterfile says: containers that are hosts no longer go. */
  settle(): Promise<void>;
}

/**
 * Reads the Clusterfile of files and flags; where hosts are containers, makes those that are missing first.
 * @throws what `readClusterfile` and `makeHosts` throw
 */
export async function readOrMake(
  context: Pick<CliContext, 'env'>,
  flags: ClusterInputFlags & { readonly dryRun?: boolean | undefined },
  opened: Pick<OpenWorld, 'world' | 'engine'>,
  { secrets, image }: { readonly secrets: HostSecrets; readonly image?: string | undefined },
): Promise<ClusterInput> {
  const { world } = opened;
  if (opened.engine === undefined) {
    const clusterfile = await readClusterfile(context, flags, { secrets, image, report: world.report });
    return { clusterfile, settle: async () => {}, [Symbol.asyncDispose]: async () => {} };
  }
  const counts = readCounts(flags);
  const bare = { ...flags, masters: undefined, nodes: undefined };
  const { cluster } = await readClusterfile(context, bare, { secrets, image, report: silent });
  const engine = await opened.engine();
  const { undo, masters, nodes } = await makeHosts(context, flags, opened, engine, {
    cluster: cluster.name,
    masters: counts.masters ?? countOf(cluster, true),
    nodes: counts.nodes ?? countOf(cluster, false),
  });
  await using stack = new AsyncDisposableStack();
  if (flags.dryRun === true) stack.defer(undo);
  const all = { ...flags, masters, nodes };
  const clusterfile = await readClusterfile(context, all, { secrets, image, report: world.report });
  const kept = stack.move();
  return {
    clusterfile,
    settle: () => dropHosts(engine, clusterfile),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** How many hosts a Clusterfile has in a role; undefined where it has none at all. */
function countOf({ hosts }: Clusterfile['cluster'], isMaster: boolean): number | undefined {
  if (hosts.length === 0) return undefined;
  return hosts.filter(({ roles }) => roles.includes('master') === isMaster).length;
}
