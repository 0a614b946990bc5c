/** Flags that several commands share, with the shape of what they give. */

import { type Command, InvalidArgumentError, Option } from 'commander';
import { PROGRESS_MODES, type ProgressMode } from './progress/index.ts';

export interface OutputFlags {
  readonly json?: boolean | undefined;
  readonly quiet?: boolean | undefined;
  readonly progress?: ProgressMode | undefined;
}

export interface StoreFlags {
  readonly store?: string | undefined;
}

export interface RegistryFlags {
  readonly insecure?: boolean | undefined;
  readonly insecureRegistry?: readonly string[] | undefined;
  readonly caFile?: readonly string[] | undefined;
}

/** Puts the flags that `declare` adds below a heading of their own in the help: `Hosts:`. */
export function under(heading: string, command: Command, declare: (command: Command) => unknown): Command {
  const before = command.options.length;
  declare(command);
  for (const option of command.options.slice(before)) option.helpGroup(heading);
  return command;
}

const OUTPUT = 'Output:';

/** `--json` and `--quiet`, on every command. */
export function withJson(command: Command): Command {
  return under(OUTPUT, command, () =>
    command
      .option('--json', 'print the result as one JSON document; an error is one JSON object, the last line of stderr')
      .option('-q, --quiet', 'print no progress, and of the result only names or digests'),
  );
}

/** `--progress` beside those, on commands that take their time. */
export function withProgress(command: Command): Command {
  return withJson(command).addOption(
    new Option(
      '--progress <mode>',
      'how progress is shown on stderr; auto redraws on a terminal and writes lines elsewhere',
    )
      .choices(PROGRESS_MODES)
      .default('auto')
      .helpGroup(OUTPUT),
  );
}

const REGISTRIES = 'Registries and store:';

/** `--store`, on commands that work on the local store. */
export function withStore(command: Command): Command {
  return under(REGISTRIES, command, () =>
    command.option(
      '--store <folder>',
      'the store, an OCI image layout (default: $SEALER_HOME, else $XDG_DATA_HOME/sealer, else ~/.local/share/sealer)',
    ),
  );
}

/** How registries are reached, on commands that talk to one. */
export function withRegistry(command: Command): Command {
  return under(REGISTRIES, command, () =>
    command
      .option('--insecure', 'allow plain http and certificates that nobody vouches for')
      .option('--insecure-registry <host>', 'the same for one registry only (repeatable)', collect)
      .option('--ca-file <file>', 'trust the certificate authorities of a PEM file as well (repeatable)', collect),
  );
}

/** Collects a repeatable flag in the order given. */
export function collect(value: string, previous: readonly string[] = []): readonly string[] {
  return [...previous, value];
}

/** Collects a list separated by commas, which may be given in several flags as well: none of them is lost. */
export function collectList(value: string, previous?: string): string {
  return previous === undefined ? value : `${previous},${value}`;
}

/**
 * Collects `KEY=VALUE` flags. Later ones win.
 * @throws InvalidArgumentError
 */
export function collectPairs(
  value: string,
  previous: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const equals = value.indexOf('=');
  if (equals < 1) throw new InvalidArgumentError('Write KEY=VALUE.');
  return { ...previous, [value.slice(0, equals)]: value.slice(equals + 1) };
}

/**
 * Reads `true` or `false`.
 * @throws InvalidArgumentError
 */
export function readBoolean(value: string): boolean {
  if (/^(true|yes|on|1)$/i.test(value)) return true;
  if (/^(false|no|off|0)$/i.test(value)) return false;
  throw new InvalidArgumentError('Write true or false.');
}
