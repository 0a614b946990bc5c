/** `sealer scale-up` */

import { Command } from 'commander';
import { withChange } from '../../clusters/change-flags.ts';
import { changeKnown, type KnownFlags } from '../../clusters/change-known.ts';
import { toClusterfileFlags } from '../../clusters/cluster-input.ts';
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
      await changeKnown(context, flags, 'sealer scale-up', {
        change: ({ clusterfile }, secrets) => addHosts(clusterfile, toClusterfileFlags(flags, secrets)),
      });
    });
}
