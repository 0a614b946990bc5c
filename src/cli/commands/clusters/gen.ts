/** `sealer gen` */

import { Command } from 'commander';
import { type ClusterInputFlags, toClusterfileFlags } from '../../clusters/cluster-input.ts';
import { withRoles, withSettings, withSsh } from '../../clusters/host-flags.ts';
import type { CliContext } from '../../context.ts';
import { withJson } from '../../flags.ts';
import { printResult } from '../../print.ts';

type Flags = ClusterInputFlags & { readonly json?: boolean | undefined };

/** Declares `sealer gen`. */
export function genCommand(context: CliContext): Command {
  return withJson(withSettings(withSsh(withRoles(new Command('gen'), 'of the cluster'))))
    .description('Write a Clusterfile from flags, to go on with in an editor.')
    .argument('<image>', 'the cluster image')
    .option('--name <cluster>', 'the name of the cluster')
    .option('--data-root <folder>', 'where the cluster keeps its files on the hosts')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer gen shop:v1 --masters 10.0.0.2 --nodes 10.0.0.5-10.0.0.9 > Clusterfile',
    )
    .action(async (image: string, flags: Flags) => {
      const { genClusterfile } = await import('../../../clusterfile/index.ts');
      const text = genClusterfile(toClusterfileFlags(flags, {}, image));
      printResult(context, flags, { clusterfile: text }, () => text.trimEnd());
    });
}
