/** `sealer rmi` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import { formatReference, isReference, parseReference } from '../../oci/reference.ts';
import type { Store } from '../../oci/store/index.ts';
import type { CliContext } from '../context.ts';
import { imageNotFound, imagesByDigest } from '../find-image.ts';
import { type OutputFlags, type StoreFlags, withJson, withStore } from '../flags.ts';
import { printResult } from '../print.ts';
import { openStore } from '../session.ts';

interface RmiFlags extends OutputFlags, StoreFlags {
  readonly force?: boolean | undefined;
}

/** Declares `sealer rmi`. */
export function rmiCommand(context: CliContext): Command {
  return withStore(withJson(new Command('rmi')))
    .description('Remove images from the store, by name or by digest. The space comes back with sealer prune.')
    .argument('<images...>', 'names, digests, or the first digits of digests')
    .option('-f, --force', 'remove every name of a digest, and go on past what does not exist')
    .action(async (images: readonly string[], flags: RmiFlags) => {
      await using store = await openStore(context, flags);
      // Everything is looked up before anything is removed: a slip in the last name changes nothing.
      const names: string[] = [];
      for (const image of images) names.push(...(await namesOf(store, image, flags.force === true)));
      const removed: string[] = [];
      for (const name of new Set(names)) if (await store.untag(name)) removed.push(name);
      printResult(context, flags, { removed }, () => removed.map((name) => `removed ${name}`).join('\n'));
    });
}

async function namesOf(store: Store, image: string, force: boolean): Promise<readonly string[]> {
  if (isReference(image)) {
    const name = formatReference(parseReference(image));
    if ((await store.resolve(name)) !== undefined) return [name];
  }
  const found = (await imagesByDigest(store, image)).map(({ name }) => name);
  if (found.length > 1 && !force) {
    throw new SealerError('IMAGE_IN_USE', `${image} has ${found.length} names: ${found.join(', ')}`, {
      hint: 'Remove the names one by one, or all of them with --force.',
    });
  }
  if (found.length === 0 && !force) throw imageNotFound(image);
  return found;
}
