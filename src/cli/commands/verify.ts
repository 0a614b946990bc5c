/** `sealer verify` */

import { Command } from 'commander';
import { type ClusterFlags, toClusterOptions, withCluster } from '../cluster-flags.ts';
import type { CliContext } from '../context.ts';
import { findImage } from '../find-image.ts';
import {
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { printResult } from '../print.ts';
import { openSession } from '../session.ts';

interface Flags extends ClusterFlags, OutputFlags, RegistryFlags, StoreFlags {}

const EXAMPLES = `
Examples:
  sealer verify shop:v1
  sealer verify --cluster-timeout 20m --json shop:v1

Starts the image on a throwaway cluster in a container (docker or podman on this machine, rootful, able to run privileged
containers). The cluster reaches the images of the bundle and nothing else. Fails when a workload does not get ready, or asks for an image that is
not in the bundle. Nothing of the cluster is left afterwards.`;

/** Declares `sealer verify`. */
export function verifyCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(withCluster(new Command('verify')))))
    .description('Prove that an image of the store runs offline: on a temporary cluster that can reach nothing else.')
    .argument('<image>', 'a name or digest')
    .addHelpText('after', EXAMPLES)
    .action(async (image: string, flags: Flags) => {
      const { verifyImage } = await import('../../rehearsal/index.ts');
      const { describeVerification, verificationError } = await import('../describe-verification.ts');
      const { env, signal } = context;
      const result = await (async () => {
        await using session = await openSession(context, flags);
        const { store, client, report } = session;
        const { descriptor } = await findImage(store, image);
        return await verifyImage(descriptor, toClusterOptions(flags), { store, client, env, report, signal });
      })();
      printResult(context, flags, result, () => (flags.quiet === true ? '' : describeVerification(result)));
      if (!result.ok) throw verificationError(result);
    });
}
