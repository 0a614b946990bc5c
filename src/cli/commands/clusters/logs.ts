/** `sealer logs` */

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { isSystemError, SealerError } from '../../../error.ts';
import { logsRoot } from '../../clusters/open-world.ts';
import type { CliContext } from '../../context.ts';
import { withJson } from '../../flags.ts';
import { printResult } from '../../print.ts';

interface Flags {
  readonly json?: boolean | undefined;
  readonly logDir?: string | undefined;
  readonly lines: string;
}

/** Declares `sealer logs`. */
export function logsCommand(context: CliContext): Command {
  return withJson(new Command('logs'))
    .description('Show what was run on the hosts by the last command of this machine, and what they said.')
    .argument('[hosts...]', 'addresses; default: all')
    .option('--log-dir <folder>', 'where it is kept (default: ~/.local/state/sealer/logs)')
    .option('--lines <count>', 'the last lines of each host', '200')
    .addHelpText('after', '\nExamples:\n  sealer logs\n  sealer logs 10.0.0.3 --lines 1000')
    .action(async (hosts: readonly string[], flags: Flags) => {
      const root = flags.logDir ?? logsRoot(context.env);
      const run = (await list(root)).at(-1);
      if (run === undefined) {
        throw new SealerError('USAGE', `Nothing has been run on hosts from here: ${root} has no logs`);
      }
      const wanted = new Set(hosts.map((host) => `${host}.log`));
      const files = (await list(join(root, run))).filter((file) => wanted.size === 0 || wanted.has(file));
      const count = Math.max(1, Number.parseInt(flags.lines, 10) || 200);
      const logs = await Promise.all(
        files.map(async (file) => ({
          host: file.replace(/\.log$/, ''),
          lines: (await readFile(join(root, run, file), 'utf8')).trimEnd().split('\n').slice(-count),
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
