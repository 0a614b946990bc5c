/** `sealer logout` */

import { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { type OutputFlags, withJson } from '../flags.ts';
import { printResult } from '../print.ts';

/** Declares `sealer logout`. */
export function logoutCommand(context: CliContext): Command {
  return withJson(new Command('logout'))
    .description('Forget the login of a registry.')
    .argument('[registry]', 'host, with port', 'docker.io')
    .action(async (registry: string, flags: OutputFlags) => {
      const { logout } = await import('../../registry/client/index.ts');
      const host = registry.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
      const wasKnown = await logout({ registry: host, env: context.env });
      printResult(context, flags, { registry: host, wasKnown }, () =>
        wasKnown ? `logged out of ${host}` : `there was no login for ${host}`,
      );
    });
}
