/** `sealer run` and `sealer apply` */

import { Command, Option } from 'commander';
import { SealerError } from '../../../error.ts';
import { withChange } from '../../clusters/change-flags.ts';
import type { ClusterInputFlags } from '../../clusters/cluster-input.ts';
import { withProvider, withRoles, withSettings, withSsh } from '../../clusters/host-flags.ts';
import { type InstallFlags, installOnCluster, installWithKubeconfig } from '../../clusters/install-app.ts';
import { readOrMake } from '../../clusters/made-clusterfile.ts';
import { openWorld, readSecrets, type WorldFlags } from '../../clusters/open-world.ts';
import { printChange, type RunChangeFlags, runChange } from '../../clusters/run-change.ts';
import type { CliContext } from '../../context.ts';
import { withProgress, withRegistry, withStore } from '../../flags.ts';
import { withSignatureCheck } from '../../trust-flags.ts';

type Flags = ClusterInputFlags & RunChangeFlags & WorldFlags & InstallFlags;

const EXAMPLES = `
Examples:
  sealer run shop:v1 --masters 10.0.0.2 --nodes 10.0.0.3,10.0.0.5-10.0.0.9
  sealer run shop:v1 --masters 10.0.0.2 --user deploy --key ~/.ssh/deploy --jump bastion.example.com
  sealer run -f Clusterfile --dry-run
  sealer run shop:v1 -m 3 -n 3 --provider container
  sealer run app:v1 --cluster-host 10.0.0.2
  sealer run app:v1 --kubeconfig ~/.kube/config --registry registry.example.com:5000
  sealer run shop:v1 --masters 10.0.0.2 -e replicas=3 --kubeconfig-out kubeconfig
  sealer run shop:v1 --masters 10.0.0.2 --verify-signature --signature-key cosign.pub

Does what is missing and nothing else: run it again after a change, a fault or Ctrl-C. Hosts need SSH, root or sudo, and nothing more.`;

/** Declares `sealer run`. */
export function runClusterCommand(context: CliContext): Command {
  return declare(new Command('run'))
    .description('Run a cluster image on hosts: a Kubernetes cluster with the apps on it, without internet.')
    .argument('[image]', 'a name or digest; default: that of the Clusterfile')
    .option('-f, --clusterfile <file>', 'a Clusterfile; flags go over what it says')
    .option('--cluster-host <host>', 'any master of a cluster that is there, to run an image of apps on it')
    .option('--kubeconfig <file>', 'the same on a cluster that sealer did not make; commands run on this machine')
    .option('--registry <host:port>', 'with --kubeconfig: push the container images of the image there first')
    .addHelpText('after', EXAMPLES)
    .action(async (image: string | undefined, flags: Flags) => {
      if (flags.kubeconfig !== undefined) await installWithKubeconfig(context, flags, image);
      else if (flags.clusterHost !== undefined) await installOnCluster(context, flags, image);
      else if (image !== undefined || flags.clusterfile !== undefined)
        await change(context, flags, 'sealer run', image);
      else {
        throw new SealerError('USAGE', 'No image is named', {
          hint: 'sealer run IMAGE --masters 10.0.0.2, or sealer run -f Clusterfile.',
        });
      }
    });
}

/** Declares `sealer apply`. */
export function applyCommand(context: CliContext): Command {
  return declare(new Command('apply'))
    .description('Make a cluster what its Clusterfile says: hosts, image, settings, labels, apps.')
    .requiredOption('-f, --clusterfile <file>', 'the Clusterfile; flags go over what it says')
    .addHelpText('after', '\nExamples:\n  sealer apply -f Clusterfile --dry-run\n  sealer apply -f Clusterfile --yes')
    .action((flags: Flags) => change(context, flags, 'sealer apply', undefined));
}

function declare(command: Command): Command {
  const hosts = withSettings(withSsh(withProvider(withRoles(command, 'of the cluster'))))
    .option('--name <cluster>', 'the name of the cluster (default: my-cluster)')
    .option('--data-root <folder>', 'where the cluster keeps its files on the hosts (default: /var/lib/sealer)')
    .addOption(
      new Option('--pull <when>', 'when to ask the registry for the image')
        .choices(['missing', 'always', 'never'])
        .default('missing'),
    )
    .option('--kubeconfig-out <file>', "write the administrator's kubeconfig there");
  return withStore(withRegistry(withProgress(withSignatureCheck(withChange(hosts)))));
}

async function change(context: CliContext, flags: Flags, name: string, image: string | undefined): Promise<void> {
  const secrets = await readSecrets(context, flags);
  const { changed, logs } = await (async () => {
    await using opened = await openWorld(context, flags, name);
    const { world, logs } = opened;
    await using input = await readOrMake(context, flags, opened, { secrets, image });
    const changed = await runChange(context, flags, { clusterfile: input.clusterfile, world });
    if (flags.dryRun !== true) await input.settle();
    return { changed, logs };
  })();
  printChange(context, flags, changed, logs);
}
