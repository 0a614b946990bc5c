/** `sealer tag` */

import { Command } from 'commander';
import { formatReference, parseReference } from '../../oci/reference.ts';
import type { CliContext } from '../context.ts';
import { findImage } from '../find-image.ts';
import { type OutputFlags, type StoreFlags, withJson, withStore } from '../flags.ts';
import { printResult } from '../print.ts';
import { openStore } from '../session.ts';

/** Declares `sealer tag`. */
export function tagCommand(context: CliContext): Command {
  return withStore(withJson(new Command('tag')))
    .description('Give an image of the store one more name. Nothing is copied.')
    .argument('<image>', 'a name, a digest, or the first digits of one')
    .argument('<names...>', 'the new names')
    .addHelpText('after', '\nExample:\n  sealer tag shop:v1 registry.example.com/shop:v1')
    .action(async (image: string, names: readonly string[], flags: OutputFlags & StoreFlags) => {
      const targets = names.map((name) => formatReference(parseReference(name)));
      await using store = await openStore(context, flags);
      const { descriptor } = await findImage(store, image);
      for (const target of targets) await store.tag(target, descriptor);
      printResult(context, flags, { digest: descriptor.digest, tags: targets }, () => '');
    });
}
