/** `sealer check` */

import { Command } from 'commander';
import { SealerError } from '../../../error.ts';
import { formatCount } from '../../../units.ts';
import { runnableImage } from '../../clusters/cluster-image.ts';
import { type ClusterInputFlags, readClusterfile } from '../../clusters/cluster-input.ts';
import { withRoles, withSsh } from '../../clusters/host-flags.ts';
import { openWorld, readSecrets, type WorldFlags } from '../../clusters/open-world.ts';
import type { CliContext } from '../../context.ts';
import { withJson, withRegistry, withStore } from '../../flags.ts';
import { printResult } from '../../print.ts';

type Flags = ClusterInputFlags & WorldFlags;

/** Declares `sealer check`. */
export function checkCommand(context: CliContext): Command {
  const command = withRoles(withSsh(new Command('check')), 'to check').option(
    '-f, --clusterfile <file>',
    'the Clusterfile',
  );
  return withStore(withRegistry(withJson(command)))
    .description('Check hosts before a cluster is made of them: everything that stands in the way, in one report.')
    .argument('[image]', 'the image that is to run there; default: that of the Clusterfile')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer check shop:v1 --masters 10.0.0.2 --nodes 10.0.0.3-10.0.0.9\n  sealer check -f Clusterfile',
    )
    .action(async (image: string | undefined, flags: Flags) => {
      const { checkCluster } = await import('../../../cluster/index.ts');
      const secrets = await readSecrets(context, flags);
      const problems = await (async () => {
        await using opened = await openWorld(context, flags, 'sealer check');
        const { world } = opened;
        const clusterfile = await readClusterfile(context, flags, { secrets, image, report: world.report });
        if (clusterfile.cluster.hosts.length === 0) {
          throw new SealerError('USAGE', 'No host is named to check', {
            hint: 'Name hosts (--masters 10.0.0.2 --nodes 10.0.0.3), or a Clusterfile that does (-f Clusterfile).',
          });
        }
        return await checkCluster(clusterfile, (arch) => runnableImage(world, clusterfile.cluster.image, arch), world);
      })();
      const errors = problems.filter(({ severity = 'error' }) => severity === 'error');
      if (errors.length > 0) {
        throw new SealerError('HOST_UNFIT', `${formatCount(errors.length, 'problem')} on the hosts`, { problems });
      }
      printResult(context, flags, { problems }, () =>
        [...problems.map(({ message, severity }) => `${severity ?? 'error'}: ${message}`), 'The hosts are fit.'].join(
          '\n',
        ),
      );
    });
}
