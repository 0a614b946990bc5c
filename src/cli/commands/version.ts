/** `sealer version` */

import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { type OutputFlags, withJson } from '../flags.ts';
import { printResult } from '../print.ts';
import { VERSION } from '../version.ts';

/** Declares `sealer version`. */
export function versionCommand(context: CliContext): Command {
  return withJson(new Command('version'))
    .description('Print the version of sealer and of what it runs on.')
    .action((flags: OutputFlags) => {
      const { node } = process.versions;
      const result = { version: VERSION, node, platform: `${process.platform}/${process.arch}` };
      printResult(context, flags, result, () => `sealer ${VERSION} (Node.js ${node}, ${result.platform})`);
    });
}
