/** `sealer attest sign` */

import { Command } from 'commander';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { CliContext } from '../context.ts';
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
import { signRemote } from '../sign-remote.ts';
import { openSigner } from '../signing.ts';

interface Flags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly key?: string | undefined;
}

/** Declares `sealer attest sign`. */
export function attestSignCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('sign'))))
    .description(
      'Sign what a name means in a registry, without fetching it. build --sign and push --sign do it on the way.',
    )
    .argument('<image...>', 'names, best with a digest')
    .option(
      '--key <file>',
      'sign with this key (PEM, or of cosign); default: that of SEALER_SIGNING_KEY, else the workflow that runs this',
    )
    .addHelpText('after', '\nExample:\n  sealer attest sign --key cosign.key registry.example.com/shop@sha256:…')
    .action(async (images: readonly string[], flags: Flags) => {
      const { env, signal } = context;
      const references = images.map(parseReference);
      const signer = await openSigner(env, { sign: flags.key ?? true });
      await using session = await openSession(context, flags);
      const signed: { readonly name: string; readonly digest: string; readonly signature: string }[] = [];
      for (const reference of references) {
        const image = await session.client.resolve(reference, signal);
        for (const { digest } of await signRemote(session, image, [reference], { signer, signal })) {
          signed.push({ name: formatReference(reference), digest: image.digest, signature: digest });
        }
      }
      printResult(context, flags, { signed }, () =>
        signed.map((each) => (flags.quiet === true ? each.digest : `signed ${each.name} ${each.digest}`)).join('\n'),
      );
    });
}
