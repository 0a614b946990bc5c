/** `sealer push` */

import { Command } from 'commander';
import { familiarReference, formatReference, parseReference } from '../../oci/reference.ts';
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
import { formatBytes } from '../progress/index.ts';
import { openSession } from '../session.ts';

type PushFlags = OutputFlags & RegistryFlags & StoreFlags;

/** Declares `sealer push`. */
export function pushCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('push'))))
    .description('Push an image of the store to a registry. What the registry has is not sent again.')
    .argument('<image>', 'a name, a digest, or the first digits of one')
    .argument('[target]', 'the name to push it to (default: its own)')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer push registry.example.com/shop:v1\n  sealer push shop:v1 registry.example.com/shop:v1',
    )
    .action(async (image: string, target: string | undefined, flags: PushFlags) => {
      const { pushImage } = await import('../../registry/client/index.ts');
      const wanted = target === undefined ? undefined : parseReference(target);
      await using session = await openSession(context, flags);
      const { name, descriptor } = await findImage(session.store, image);
      const reference = wanted ?? parseReference(name);
      const { client, store, report } = session;
      const pushed = await pushImage(client, store, descriptor, reference, { report, signal: context.signal });
      const result = { name: formatReference(reference), ...pushed };
      printResult(context, flags, result, () => {
        if (flags.quiet === true) return pushed.digest;
        const reused = formatBytes(pushed.reused + pushed.mounted);
        return `pushed ${familiarReference(reference)}\n${pushed.digest}\n${formatBytes(pushed.moved)} sent, ${reused} already there`;
      });
    });
}
