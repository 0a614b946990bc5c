/** `sealer logs` */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { isSystemError, SealerError } from '../../../error.ts';
import { didYouMean, listNames } from '../../../suggest.ts';
import { logsRoot } from '../../clusters/open-world.ts';
import { readCount } from '../../clusters/values.ts';
import type { CliContext } from '../../context.ts';
import { withJson } from '../../flags.ts';
import { printResult } from '../../print.ts';

interface Flags {
  readonly json?: boolean | undefined;
  readonly logDir?: string | undefined;
  readonly lines: number;
}

/** Declares `sealer logs`. */
export function logsCommand(context: CliContext): Command {
  return withJson(new Command('logs'))
    .description('Show what was run on the hosts by the last command of this machine, and what they said.')
    .argument('[hosts...]', 'addresses; default: all')
    .option('--log-dir <folder>', 'where it is kept (default: ~/.local/state/sealer/logs)')
    .option('--lines <count>', 'the last lines of each host', readCount, 200)
    .addHelpText('after', '\nExamples:\n  sealer logs\n  sealer logs 10.0.0.3 --lines 1000')
    .action(async (hosts: readonly string[], flags: Flags) => {
      const root = flags.logDir ?? logsRoot(context.env);
      const run = (await list(root)).at(-1);
      if (run === undefined) {
        throw new SealerError('USAGE', `Nothing has been run on hosts from here: ${root} has no logs`);
      }
      const there = (await list(join(root, run))).map((file) => file.replace(/\.log$/, ''));
      for (const host of hosts) {
        if (there.includes(host)) continue;
        const hint = didYouMean(host, there) ?? `It had to do with ${listNames(there)}.`;
        throw new SealerError('USAGE', `The last run, ${run}, had nothing to do with ${host}`, { hint });
      }
      const logs = await Promise.all(
        (hosts.length > 0 ? hosts : there).map(async (host) => ({
          host,
          lines: (await readFile(join(root, run, `${host}.log`), 'utf8')).trimEnd().split('\n').slice(-flags.lines),
        })),
      );
      printResult(context, flags, { run, logs }, () =>
        [`run ${run}`, ...logs.flatMap(({ host, lines }) => [`== ${host}`, ...lines])].join('\n'),
      );
    });
}

async function list(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return [];
    throw error;
  }
}
