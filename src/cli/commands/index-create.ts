/** `sealer index create` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import { familiarReference, formatReference, parseReference, type Reference } from '../../oci/reference.ts';
import type { CliContext } from '../context.ts';
import {
  collect,
  collectPairs,
  type OutputFlags,
  type RegistryFlags,
  type StoreFlags,
  withProgress,
  withRegistry,
} from '../flags.ts';
import { printResult } from '../print.ts';
import { openSession } from '../session.ts';

interface Flags extends OutputFlags, RegistryFlags, StoreFlags {
  readonly tag?: readonly string[] | undefined;
  readonly immutableTag?: readonly string[] | undefined;
  readonly annotation?: Readonly<Record<string, string>> | undefined;
}

const EXAMPLE = `
Example:
  sealer index create -t registry.example.com/shop:v1 registry.example.com/shop@sha256:… registry.example.com/shop@sha256:…

Immutable tags are set first, then the others in their order; without any tag the index can be had by its digest.`;

/** Declares `sealer index`. */
export function indexCommand(context: CliContext): Command {
  const create = withRegistry(withProgress(new Command('create')))
    .description('Join images of a repository, pushed by digest from several machines, into one of many platforms.')
    .argument('<image...>', 'names with a digest, all of one repository')
    .option('-t, --tag <name>', 'name the index (repeatable)', collect)
    .option('--immutable-tag <name>', 'the same, but fail if the name stands for another image (repeatable)', collect)
    .option('--annotation <key=value>', 'add an annotation (repeatable)', collectPairs)
    .addHelpText('after', EXAMPLE)
    .action(async (images: readonly string[], flags: Flags) => {
      const { createIndex } = await import('../../registry/client/index.ts');
      const sources = images.map(parseReference);
      const immutable = (flags.immutableTag ?? []).map(parseTagged);
      const targets = [...immutable, ...(flags.tag ?? []).map(parseTagged)];
      await using session = await openSession(context, flags);
      const { annotation: annotations, ...rest } = flags;
      const { digest, size } = await createIndex(session.client, {
        ...{ sources, targets, immutable, annotations },
        signal: context.signal,
      });
      const tags = targets.map(formatReference);
      const [{ registry, repository }] = [sources[0] ?? parseReference('none')];
      const result = { digest, size, tags, ref: `${registry}/${repository}@${digest}` };
      printResult(context, rest, result, () =>
        flags.quiet === true ? digest : [...targets.map((each) => `set ${familiarReference(each)}`), digest].join('\n'),
      );
    });
  return new Command('index').description('Work on images of several platforms in a registry.').addCommand(create);
}

/** @throws SealerError USAGE for a name that is not to be set */
function parseTagged(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest === undefined) return reference;
  throw new SealerError('USAGE', `${text} has a digest, and a name to set has none`);
}
