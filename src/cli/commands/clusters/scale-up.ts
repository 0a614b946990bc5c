/** `sealer scale-up` */

import { Command } from 'commander';
import { withChange } from '../../clusters/change-flags.ts';
import { changeKnown, type KnownFlags } from '../../clusters/change-known.ts';
import { toClusterfileFlags } from '../../clusters/cluster-input.ts';
import { makeHosts, readCounts } from '../../clusters/container-hosts.ts';
import { type RoleFlags, withRoles, withSsh, withTarget } from '../../clusters/host-flags.ts';
import type { CliContext } from '../../context.ts';
import { withProgress, withRegistry, withStore } from '../../flags.ts';

type Flags = KnownFlags & RoleFlags;

/** Declares `sealer scale-up`. */
export function scaleUpCommand(context: CliContext): Command {
  const command = withTarget(withSsh(withRoles(new Command('scale-up').alias('join'), 'to add')));
  return withStore(withRegistry(withProgress(withChange(command))))
    .description('Add masters and nodes to a cluster.')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer scale-up --cluster-host 10.0.0.2 --nodes 10.0.0.7,10.0.0.8\n  sealer join --cluster-host 10.0.0.2 --masters 10.0.0.3,10.0.0.4',
    )
    .action(async (flags: Flags) => {
      const { addHosts } = await import('../../../clusterfile/index.ts');
      let undo = async () => {};
      await changeKnown(context, flags, 'sealer scale-up', {
        change: async ({ clusterfile }, secrets, opened) => {
          const asked = toClusterfileFlags(flags, secrets);
          if (opened.engine === undefined) return addHosts(clusterfile, asked);
          const { hosts, name } = clusterfile.cluster;
          const { masters = 0, nodes = 0 } = readCounts(flags);
          const there = hosts.filter(({ roles }) => roles.includes('master')).length;
          const counts = { cluster: name, masters: there + masters, nodes: hosts.length - there + nodes };
          const made = await makeHosts(context, flags, opened, await opened.engine(), counts);
          if (flags.dryRun === true) undo = made.undo;
          return addHosts(clusterfile, { ...asked, masters: made.masters, nodes: made.nodes });
        },
        after: () => undo(),
      });
    });
}
