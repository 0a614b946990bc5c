/** `sealer push` */

import { Command } from 'commander';
import { familiarReference, formatReference, parseReference } from '../../oci/reference.ts';
import type { CliContext } from '../context.ts';
import { describeAttestations } from '../describe-attestations.ts';
import { findImage, ownName } from '../find-image.ts';
import {
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
  withStore,
} from '../flags.ts';
import { printResult } from '../print.ts';
import { formatBytes } from '../progress/index.ts';
import { openSession } from '../session.ts';
import { openSigner, SIGN_HELP } from '../signing.ts';
import { VERSION } from '../version.ts';

interface PushFlags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly sbom?: boolean | undefined;
  readonly sign?: string | true | undefined;
}

/** Declares `sealer push`. */
export function pushCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('push'))))
    .description('Push an image of the store to a registry. What the registry has is not sent again.')
    .argument('<image>', 'a name, a digest, or the first digits of one')
    .argument('[target]', 'the name to push it to (default: its own)')
    .option('--sbom', 'attach a list of what is inside first, for each platform (SPDX)')
    .option('--sign [key]', SIGN_HELP)
    .addHelpText(
      'after',
      '\nExamples:\n  sealer push registry.example.com/shop:v1\n  sealer push shop:v1 registry.example.com/shop:v1\n  sealer push --sign=cosign.key registry.example.com/shop:v1\n\nSignatures, SBOMs and whatever else refers to the image are pushed with it, before its name.',
    )
    .action(async (image: string, target: string | undefined, flags: PushFlags) => {
      const { pushImage } = await import('../../registry/client/index.ts');
      const wanted = target === undefined ? undefined : parseReference(target);
      const { env, signal } = context;
      const signer = flags.sign === undefined ? undefined : await openSigner(env, { sign: flags.sign });
      await using session = await openSession(context, flags);
      const found = await findImage(session.store, image);
      const { descriptor } = found;
      const reference = wanted ?? parseReference(ownName(found));
      const { client, store, report } = session;
      const attestations =
        signer === undefined && flags.sbom !== true
          ? []
          : await (await import('../../attest/index.ts')).attestImage(store, descriptor, {
              ...{ sbom: flags.sbom === true, signer, version: VERSION, signal },
            });
      const pushed = await pushImage(client, store, descriptor, reference, { report, signal });
      const result = { name: formatReference(reference), ...pushed, attestations };
      printResult(context, flags, result, () => {
        if (flags.quiet === true) return pushed.digest;
        const reused = formatBytes(pushed.reused + pushed.mounted);
        const attached = attestations.length === 0 ? '' : `\n${describeAttestations(attestations)}`;
        return `pushed ${familiarReference(reference)}\n${pushed.digest}${attached}\n${formatBytes(pushed.moved)} sent, ${reused} already there`;
      });
    });
}
