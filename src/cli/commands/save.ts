/** `sealer save` */

import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { Command, Option } from 'commander';
import { SealerError } from '../../error.ts';
import type { CliContext } from '../context.ts';
import { findImage } from '../find-image.ts';
import { type OutputFlags, type StoreFlags, withProgress, withStore } from '../flags.ts';
import { printResult } from '../print.ts';
import { openStoreSession } from '../session.ts';

const FORMATS = ['oci-archive', 'docker-archive'] as const;

interface SaveFlags extends OutputFlags, StoreFlags {
  readonly output?: string | undefined;
  readonly format: (typeof FORMATS)[number];
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
      await using session = await openStoreSession(context, flags);
      const { store, report } = session;
      const named = [];
      for (const image of images) named.push(await findImage(store, image));
      await writeWhole(flags.output, context.stdout, (output) =>
        saveArchive(store, named, output, { format: flags.format, report, signal: context.signal }),
      );
      const saved = named.map(({ name, descriptor }) => ({ name, digest: descriptor.digest }));
      // On a pipe the archive is the result, and nothing may stand behind it.
      if (flags.output === undefined) return;
      const { output: file, format } = flags;
      printResult(context, flags, { file, format, images: saved }, () =>
        flags.quiet === true ? '' : saved.map(({ name, digest }) => `saved ${name} ${digest}`).join('\n'),
      );
    });
}

/** Writes a file beside its place first, so that nobody takes half an archive for a whole one. */
async function writeWhole(
  file: string | undefined,
  stdout: Writable,
  write: (output: Writable) => Promise<unknown>,
): Promise<void> {
  if (file === undefined) {
    await write(stdout);
    return;
  }
  const draft = `${file}.part`;
  try {
    await write(createWriteStream(draft));
    await rename(draft, file);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
