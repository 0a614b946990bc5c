/** `sealer upgrade` and `sealer rollback` */

import { Command } from 'commander';
import { SealerError } from '../../../error.ts';
import { withChange } from '../../clusters/change-flags.ts';
import { changeKnown, type KnownFlags } from '../../clusters/change-known.ts';
import { withSsh, withTarget } from '../../clusters/host-flags.ts';
import type { CliContext } from '../../context.ts';
import { withProgress, withRegistry, withStore } from '../../flags.ts';
import { withSignatureCheck } from '../../trust-flags.ts';

/** Declares `sealer upgrade`. */
export function upgradeCommand(context: CliContext): Command {
  return declare(new Command('upgrade'))
    .description('Take a cluster to another image: apps, files, and Kubernetes one minor version at a time.')
    .argument('<image>', 'a name or digest')
    .addHelpText(
      'after',
      `
Examples:
  sealer upgrade shop:v2 --cluster-host 10.0.0.2 --dry-run
  sealer upgrade shop:v2 --cluster-host 10.0.0.2

Masters first, one at a time, each drained; then nodes. A snapshot of etcd is taken before. It stops at the first host that fails; the same command goes on there.`,
    )
    .action(async (image: string, flags: KnownFlags) => {
      await changeKnown(context, flags, 'sealer upgrade', {
        change: ({ clusterfile }) => ({ ...clusterfile, cluster: { ...clusterfile.cluster, image } }),
      });
    });
}

/** Declares `sealer rollback`. */
export function rollbackCommand(context: CliContext): Command {
  return declare(new Command('rollback'))
    .description('Take the apps and the image of a cluster back to what was there before.')
    .argument('[image]', 'a name or digest; default: the image before the last change')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer rollback --cluster-host 10.0.0.2\n\nKubernetes itself never goes back: an image with an older one is refused. What apps keep (databases) is not touched.',
    )
    .action(async (image: string | undefined, flags: KnownFlags) => {
      await changeKnown(context, flags, 'sealer rollback', {
        isRollback: true,
        change: ({ clusterfile, saved }) => {
          const before = image ?? saved.previous?.name;
          if (before === undefined) {
            throw new SealerError('IMAGE_NOT_FOUND', `${saved.name} has had one image only: ${saved.image.name}`, {
              hint: 'Name the image to go to: sealer rollback IMAGE.',
            });
          }
          return { ...clusterfile, cluster: { ...clusterfile.cluster, image: before } };
        },
        digest: ({ saved }) => (image === undefined ? saved.previous?.digest : undefined),
      });
    });
}

function declare(command: Command): Command {
  return withStore(withRegistry(withProgress(withSignatureCheck(withChange(withTarget(withSsh(command)))))));
}
