/** Runs a command line: parses it, does it, reports what went wrong, and gives the exit code. */

import { type Command, CommanderError } from 'commander';
import { SealerError } from '../error.ts';
import type { CliContext } from './context.ts';
import { describeError, errorToJson, toSealerError } from './describe-error.ts';
import { createProgram } from './program.ts';

/**
 * Runs `sealer` with arguments (without the program's own name).
 * @returns the exit code: 0, or that of the error's code
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<number> {
  const program = createProgram(context);
  try {
    if (args.length === 0) program.help();
    await program.parseAsync(spellOut(args), { from: 'user' });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError && thrown.exitCode === 0) return 0;
    const error =
      thrown instanceof CommanderError
        ? usageError(thrown, nameOf(program, args))
        : toSealerError(thrown, context.signal);
    const wantsJson = args.includes('--json');
    const debug = (context.env.SEALER_DEBUG ?? '') !== '';
    context.stderr.write(`${wantsJson ? JSON.stringify(errorToJson(error)) : describeError(error, { debug })}\n`);
    return error.exitCode;
  }
}

/** Flags whose value may be left out, and what they then mean. */
const OPTIONAL_VALUES: Readonly<Record<string, string>> = {
  '--pull': 'always',
  '--save-images': 'true',
  '--lock': 'write',
  '--sign': '',
};

/** Commands with the flags of a build, or with `--sign`. */
const BUILDING: ReadonlySet<string> = new Set(['build', 'lock', 'images', 'push']);

/**
 * Writes out optional values (`--pull` is `--pull=always`), as `--pull .` must not take the context for a policy;
 * and `help build` as `build --help`.
 */
function spellOut(args: readonly string[]): string[] {
  if (args[0] === 'help') return [...args.slice(1), '--help'];
  const end = args.indexOf('--');
  return args.map((arg, i) => {
    const value = OPTIONAL_VALUES[arg];
    return value === undefined || !BUILDING.has(args[0] ?? '') || (end >= 0 && i > end) ? arg : `${arg}=${value}`;
  });
}

/** The command that arguments begin with: `sealer registry serve`. */
function nameOf(program: Command, args: readonly string[]): string {
  const names = [program.name()];
  let command: Command | undefined = program;
  for (const arg of args) {
    command = command.commands.find((each) => each.name() === arg || each.aliases().includes(arg));
    if (command === undefined) break;
    names.push(command.name());
  }
  return names.join(' ');
}

/** Flags of the Go sealer that are called otherwise here. */
const OTHER_WAYS: Readonly<Record<string, string>> = {
  '--passwd': 'No password stands on a command line: set SEALER_SSH_PASSWORD, or use --password-stdin.',
  '--pk': 'It is --key here.',
  '--pk-passwd': 'No passphrase stands on a command line: set SEALER_SSH_PASSPHRASE.',
};

function usageError({ message, code }: CommanderError, command: string): SealerError {
  const [first = '', ...rest] = message.replace(/^error: /, '').split('\n');
  const suggestion = /\(Did you mean (?:one of )?(.*)\?\)/.exec(rest.join(' '))?.[1];
  const said = first === '' || code === 'commander.help' ? 'A command is missing' : first;
  const flag = /^unknown option '(--[a-z-]+)/.exec(first)?.[1] ?? '';
  return new SealerError('USAGE', said.charAt(0).toUpperCase() + said.slice(1), {
    hint: OTHER_WAYS[flag] ?? (suggestion === undefined ? `See ${command} --help.` : `Did you mean ${suggestion}?`),
  });
}
