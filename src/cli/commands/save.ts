/** `sealer save` */

import type { Writable } from 'node:stream';
import { Command, Option } from 'commander';
import { SealerError } from '../../error.ts';
import type { ArchiveFormat } from '../../oci/archive/index.ts';
import { parsePlatform } from '../../oci/platform.ts';
import type { NamedImage } from '../../oci/store/index.ts';
import type { CliContext } from '../context.ts';
import { findImage } from '../find-image.ts';
import { type OutputFlags, type StoreFlags, withProgress, withStore } from '../flags.ts';
import { printResult } from '../print.ts';
import { openStoreSession } from '../session.ts';
import { into, writeWhole } from '../user-files.ts';

const FORMATS = ['oci-archive', 'docker-archive'] as const satisfies readonly ArchiveFormat[];

interface SaveFlags extends OutputFlags, StoreFlags {
  readonly output?: string | undefined;
  readonly format: ArchiveFormat;
  readonly platform?: string | undefined;
}

/** Declares `sealer save`. */
export function saveCommand(context: CliContext): Command {
  return withStore(withProgress(new Command('save')))
    .description('Write images of the store into one archive, to a file or a pipe.')
    .argument('<images...>', 'names, digests, or the first digits of digests')
    .option('-o, --output <file>', 'the archive (default: standard output, unless that is a terminal)')
    .addOption(
      new Option('--format <format>', 'docker-archive is for docker load, and holds one platform')
        .choices(FORMATS)
        .default('oci-archive'),
    )
    .option('--platform <os/arch>', 'save only this platform (default: all)')
    .addHelpText(
      'after',
      '\nExamples:\n  sealer save -o shop.tar shop:v1\n  sealer save shop:v1 | ssh host sealer load',
    )
    .action(async (images: readonly string[], flags: SaveFlags) => {
      if (flags.output === undefined && context.stdout.isTTY === true) {
        throw new SealerError('USAGE', 'An archive is not for a terminal', {
          hint: 'Add -o FILE, or pipe it somewhere.',
        });
      }
      const { saveArchive } = await import('../../oci/archive/index.ts');
      const platform = flags.platform === undefined ? undefined : parsePlatform(flags.platform);
      await using session = await openStoreSession(context, flags);
      const { store, report } = session;
      const named: NamedImage[] = [];
      for (const image of images) named.push(await findImage(store, image));
      const { format, output: file } = flags;
      const write = (output: Writable): Promise<{ readonly size: number }> =>
        saveArchive(store, named, output, { format, platform, report, signal: context.signal });
      const { size } = await (file === undefined ? write(into(context.stdout)) : writeWhole(file, write));
      const saved = named.map(({ name, descriptor }) => ({ name, digest: descriptor.digest }));
      // On a pipe the archive is the result, and nothing may stand behind it.
      if (file === undefined) return;
      printResult(context, flags, { file, format, size, images: saved }, () =>
        flags.quiet === true ? '' : saved.map(({ name, digest }) => `saved ${name} ${digest}`).join('\n'),
      );
    });
}
