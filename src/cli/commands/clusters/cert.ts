/** `sealer cert` */

import { Command } from 'commander';
import { SealerError } from '../../../error.ts';
import { withChange } from '../../clusters/change-flags.ts';
import { changeKnown, type KnownFlags } from '../../clusters/change-known.ts';
import { withSsh, withTarget } from '../../clusters/host-flags.ts';
import type { CliContext } from '../../context.ts';
import { withProgress, withRegistry, withStore } from '../../flags.ts';

/** Declares `sealer cert`. */
export function certCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(withChange(withTarget(withSsh(new Command('cert')))))))
    .description("Add names and addresses to the certificate of a cluster's API server.")
    .requiredOption('--alt-names <names>', 'names and IP addresses, separated by commas')
    .addHelpText('after', '\nExamples:\n  sealer cert --cluster-host 10.0.0.2 --alt-names api.example.com,192.0.2.10')
    .action(async (flags: KnownFlags & { readonly altNames: string }) => {
      const names = flags.altNames
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== '');
      const bad = names.find((name) => !/^[A-Za-z0-9*][A-Za-z0-9.:*-]*$/.test(name));
      if (bad !== undefined || names.length === 0) {
        throw new SealerError('USAGE', `--alt-names: ${JSON.stringify(bad ?? '')} is neither a name nor an address`);
      }
      await changeKnown(context, flags, 'sealer cert', {
        change: ({ clusterfile }) => {
          const { cluster } = clusterfile;
          const known = (cluster.env.CertSANs ?? '').split(',').filter((name) => name !== '');
          const CertSANs = [...new Set([...known, ...names])].join(',');
          return { ...clusterfile, cluster: { ...cluster, env: { ...cluster.env, CertSANs } } };
        },
      });
    });
}
