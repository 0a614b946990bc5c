/** `sealer images tags` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import { parseReference, parseRepository } from '../../oci/reference.ts';
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

interface Flags extends OutputFlags, RegistryFlags, StoreFlags {}

const NOTES = `
The names are those that images matrix has planned for a release, the one that never moves first. Between plan and publication others may have
published more: v1.33 is left out when there is a later patch release of it, and all but the first when there is a later revision.`;

/** Declares `sealer images tags`. */
export function imagesTagsCommand(context: CliContext): Command {
  return withStore(withRegistry(withProgress(new Command('tags'))))
    .description('Of the names planned for a release of a base image, show those that lead nobody back now.')
    .argument('<name...>', 'registry/k3s:v1.33.4-r2, registry/k3s:v1.33.4, registry/k3s:v1.33')
    .addHelpText('after', NOTES)
    .action(async (names: readonly string[], flags: Flags) => {
      const { leadingTags, publishedTags } = await import('../../base-images/index.ts');
      const [repository = '', ...others] = new Set(names.map((name) => name.replace(/:[^:/]*$/, '')));
      const tags = names.map((name) => parseReference(name).tag ?? '');
      if (others.length > 0 || !/-r\d+$/.test(tags[0] ?? '')) {
        throw new SealerError('USAGE', 'These are not the names of one release', {
          hint: 'Write the one that never moves first: registry/k3s:v1.33.4-r2 registry/k3s:v1.33.4 registry/k3s:v1.33.',
        });
      }
      parseRepository(repository);
      await using session = await openSession(context, flags);
      const leading = leadingTags(tags, await publishedTags(session.client, repository));
      const kept = leading.map((tag) => `${repository}:${tag}`);
      printResult(context, flags, kept, () => kept.join('\n'));
    });
}
