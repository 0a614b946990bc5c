/** `sealer load` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import type { CliContext } from '../context.ts';
import { type OutputFlags, type StoreFlags, withProgress, withStore } from '../flags.ts';
import { printResult } from '../print.ts';
import { openStoreSession } from '../session.ts';
import { openInput } from '../user-files.ts';

interface LoadFlags extends OutputFlags, StoreFlags {
  readonly input?: string | undefined;
}

/** Declares `sealer load`. */
export function loadCommand(context: CliContext): Command {
  return withStore(withProgress(new Command('load')))
    .description('Read images from an archive (oci-archive or docker-archive, of any tool) into the store.')
    .option('-i, --input <file>', 'the archive (default: standard input)')
    .addHelpText('after', '\nExamples:\n  sealer load -i shop.tar\n  ssh host sealer save shop:v1 | sealer load')
    .action(async (flags: LoadFlags) => {
      if (flags.input === undefined && context.stdin.isTTY === true) {
        throw new SealerError('USAGE', 'There is no archive to load', { hint: 'Add -i FILE, or pipe one in.' });
      }
      const { loadArchive } = await import('../../oci/archive/index.ts');
      await using session = await openStoreSession(context, flags);
      const { store, report } = session;
      const input = flags.input === undefined ? context.stdin : await openInput(flags.input);
      const { images: loaded, stored, reused } = await loadArchive(input, store, { report, signal: context.signal });
      const images = loaded.map(({ name, descriptor }) => ({ name, digest: descriptor.digest }));
      printResult(context, flags, { images, stored, reused }, () =>
        images.map(({ name, digest }) => (flags.quiet === true ? digest : `loaded ${name ?? ''} ${digest}`)).join('\n'),
      );
    });
}
