/** `sealer login` */

import { Command } from 'commander';
import { SealerError } from '../../error.ts';
import type { CliContext } from '../context.ts';
import { type OutputFlags, type RegistryFlags, withJson, withRegistry } from '../flags.ts';
import { askHidden, readAll } from '../password.ts';
import { printResult } from '../print.ts';
import { VERSION } from '../version.ts';

interface LoginFlags extends OutputFlags, RegistryFlags {
  readonly username?: string | undefined;
  readonly password?: string | boolean | undefined;
  readonly passwordStdin?: boolean | undefined;
}

/** Longer than any token that a registry hands out. */
const MAX_PASSWORD_BYTES = 64 << 10;

/** Declares `sealer login`. */
export function loginCommand(context: CliContext): Command {
  return withRegistry(withJson(new Command('login')))
    .description(
      'Log in to a registry. The login is tried first, then kept where docker keeps it (or in $REGISTRY_AUTH_FILE).',
    )
    .argument('[registry]', 'host, with port', 'docker.io')
    .option('-u, --username <name>', 'the user')
    .option('--password-stdin', 'read the password from standard input (without it, it is asked for on a terminal)')
    .option('-p, --password [password]', 'refused: everyone on the machine can read a command line')
    .addHelpText('after', '\nExample:\n  echo "$TOKEN" | sealer login -u robot --password-stdin registry.example.com')
    .action(async (registry: string, flags: LoginFlags) => {
      if (flags.password !== undefined) {
        throw new SealerError('USAGE', 'A password on the command line is readable by everyone on the machine', {
          hint: 'Use --password-stdin: echo "$TOKEN" | sealer login -u NAME --password-stdin REGISTRY',
        });
      }
      if (flags.username === undefined || flags.username === '') {
        throw new SealerError('USAGE', 'The user is missing', { hint: 'Add -u NAME.' });
      }
      const host = registry.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
      const password = await readPassword(context, flags);
      const { login } = await import('../../registry/client/index.ts');
      const { kept } = await login({
        registry: host,
        username: flags.username,
        password,
        env: context.env,
        insecure: flags.insecure === true ? true : (flags.insecureRegistry ?? false),
        caFiles: flags.caFile ?? [],
        signal: context.signal,
        userAgent: `sealer/${VERSION}`,
      });
      printResult(
        context,
        flags,
        { registry: host, username: flags.username, kept },
        () => `logged in to ${host} (${kept})`,
      );
    });
}

async function readPassword({ stdin, stderr, signal }: CliContext, flags: LoginFlags): Promise<string> {
  if (flags.passwordStdin !== true && stdin.isTTY !== true) {
    throw new SealerError('USAGE', 'There is no terminal to ask for the password on', {
      hint: 'Give it on standard input, with --password-stdin.',
    });
  }
  const password =
    flags.passwordStdin === true
      ? (await readAll(stdin, MAX_PASSWORD_BYTES)).replace(/\r?\n$/, '')
      : await askHidden('Password: ', stdin, stderr, signal);
  if (password === '') throw new SealerError('USAGE', 'The password is empty');
  return password;
}
