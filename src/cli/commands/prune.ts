/** `sealer prune` */

import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { type OutputFlags, type StoreFlags, withJson, withStore } from '../flags.ts';
import { printResult } from '../print.ts';
import { formatBytes, formatCount } from '../progress/index.ts';
import { openStore } from '../session.ts';

interface PruneFlags extends OutputFlags, StoreFlags {
  readonly all?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

/** Declares `sealer prune`. */
export function pruneCommand(context: CliContext): Command {
  return withStore(withJson(new Command('prune')))
    .description(
      'Remove from the store what no image needs: blobs of removed images, and what broken runs left behind.\nBuild caches stay, so that the next build is fast.',
    )
    .option('-a, --all', 'empty the build caches as well')
    .option('--dry-run', 'tell what would go, and remove nothing')
    .action(async ({ all = false, dryRun = false, ...flags }: PruneFlags) => {
      await using store = await openStore(context, flags);
      const result = await store.prune({ all, dryRun });
      printResult(context, flags, { ...result, dryRun }, () => {
        const what = `${formatCount(result.blobs, 'blob')}, ${formatBytes(result.bytes)}`;
        return dryRun ? `would remove ${what}` : `removed ${what}`;
      });
    });
}
