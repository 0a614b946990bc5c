/** `sealer images` */

import { Command } from 'commander';
import { shortDigest } from '../../oci/digest.ts';
import { familiarReference, parseReference } from '../../oci/reference.ts';
import type { NamedImage } from '../../oci/store/index.ts';
import { nearest } from '../../suggest.ts';
import type { CliContext } from '../context.ts';
import { type OutputFlags, type StoreFlags, withJson, withStore } from '../flags.ts';
import { describeImage } from '../list-images.ts';
import { formatTable, printResult } from '../print.ts';
import { formatBytes } from '../progress/index.ts';
import { openStore } from '../session.ts';
import { imagesBuildCommand } from './images-build.ts';
import { imagesDiscoverCommand } from './images-discover.ts';
import { imagesMatrixCommand } from './images-matrix.ts';
import { imagesTagsCommand } from './images-tags.ts';
import { imagesVersionsCommand } from './images-versions.ts';

interface ImagesFlags extends OutputFlags, StoreFlags {
  readonly trunc: boolean;
  readonly digests?: boolean | undefined;
}

/** Declares `sealer images`. */
export function imagesCommand(context: CliContext): Command {
  const command = withStore(withJson(new Command('images')))
    .description('List the images of the store.')
    .argument('[name]', 'only those of this repository, or with this beginning')
    .option('--no-trunc', 'print names and digests in full')
    .option('--digests', 'print digests in full')
    .action(async (filter: string | undefined, flags: ImagesFlags) => {
      await using store = await openStore(context, flags);
      const named = (await store.names()).filter(({ name }) => fits(name, filter));
      if (filter !== undefined && named.length === 0 && flags.quiet !== true) {
        const meant = nearest(
          filter,
          command.commands.map((each) => each.name()),
        );
        const hint = meant === undefined ? '' : ` Did you mean \`sealer images ${meant}\`?`;
        context.stderr.write(`No image of the store is called ${filter}.${hint}\n`);
      }
      const images = await Promise.all(named.map((each) => describeImage(store, each)));
      printResult(context, flags, images, () => {
        if (flags.quiet === true) return named.map(({ name }) => name).join('\n');
        const rows = named.map((each, i) => [
          ...columns(each, flags),
          images[i]?.platforms.join(',') ?? '',
          formatBytes(images[i]?.size ?? 0),
        ]);
        return formatTable(['NAME', 'DIGEST', 'PLATFORMS', 'SIZE'], rows);
      });
    });
  return command
    .enablePositionalOptions()
    .addCommand(imagesDiscoverCommand(context))
    .addCommand(imagesVersionsCommand(context))
    .addCommand(imagesMatrixCommand(context))
    .addCommand(imagesBuildCommand(context))
    .addCommand(imagesTagsCommand(context));
}

function columns({ name, descriptor }: NamedImage, { trunc, digests }: ImagesFlags): readonly string[] {
  return [
    trunc ? familiarReference(parseReference(name)) : name,
    digests === true || !trunc ? descriptor.digest : shortDigest(descriptor.digest),
  ];
}

function fits(name: string, filter: string | undefined): boolean {
  return filter === undefined || name.startsWith(filter) || familiarReference(parseReference(name)).startsWith(filter);
}
