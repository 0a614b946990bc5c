/**
 * The tables of the README, made from what they describe. `readme.test.ts` compares; to write them anew:
 * `node test/unit/cli/readme-tables.ts --write`.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Command, Option } from 'commander';
import { load } from 'js-yaml';
import { argumentTerm, walkCommands } from '../../../src/cli/program.ts';
import { ERROR_CODES } from '../../../src/error.ts';

/** What an action.yml says, as far as the README tells of it. */
export interface ActionMetadata {
  readonly inputs: readonly ActionField[];
  readonly outputs: readonly ActionField[];
}

export interface ActionField {
  readonly name: string;
  readonly description: string;
  readonly default?: string | undefined;
}

const PROJECT = resolve(import.meta.dirname, '../../..');
export const README = join(PROJECT, 'README.md');

/** Every table, by the name in its marker. */
export function allTables(program: Command): Readonly<Record<string, string>> {
  const action = (path: string): ActionMetadata => parseAction(readFileSync(join(PROJECT, path, 'action.yml'), 'utf8'));
  const [root, build, push] = [action('.'), action('actions/build'), action('actions/push')];
  const run = action('actions/run');
  return {
    commands: commandsTable(program),
    'inputs-root': inputsTable(root),
    'inputs-build': inputsTable(build),
    'inputs-push': inputsTable(push),
    'inputs-run': inputsTable(run),
    outputs: outputsTable({ 'sealer/build': root, 'actions/build': build, 'actions/push': push, 'actions/run': run }),
    errors: errorsTable(),
  };
}

/** One row for each command that does something: how it is called, and what it does. */
function commandsTable(program: Command): string {
  const rows = [...walkCommands(program)]
    .filter((command) => command.commands.length === 0 || command.registeredArguments.length > 0)
    .map((command) => [`\`${usageOf(command)}\``, command.summary(), flagsOf(command)]);
  return markdownTable(['Command', 'What it does', 'Flags'], rows);
}

/** Inputs of an action. */
function inputsTable({ inputs }: ActionMetadata): string {
  return markdownTable(
    ['Input', 'Default', 'What it is'],
    inputs.map((each) => [`\`${each.name}\``, each.default ? `\`${each.default}\`` : '', each.description]),
  );
}

/** Outputs of several actions, each once. */
function outputsTable(actions: Readonly<Record<string, ActionMetadata>>): string {
  const names = new Map<string, { description: string; of: string[] }>();
  for (const [action, { outputs }] of Object.entries(actions)) {
    for (const { name, description } of outputs) {
      const row = names.get(name) ?? { description, of: [] };
      row.of.push(action);
      names.set(name, row);
    }
  }
  const rows = [...names].map(([name, { description, of }]) => [`\`${name}\``, of.join(', '), description]);
  return markdownTable(['Output', 'Of', 'What it is'], rows);
}

/** All error codes. */
function errorsTable(): string {
  return markdownTable(
    ['Code', 'Exit', 'What it means'],
    Object.entries(ERROR_CODES).map(([code, { exit, means }]) => [`\`${code}\``, String(exit), means]),
  );
}

/** Reads an action.yml. */
function parseAction(text: string): ActionMetadata {
  const action: unknown = load(text);
  return { inputs: fieldsOf(action, 'inputs'), outputs: fieldsOf(action, 'outputs') };
}

/** Puts tables between `<!-- table:NAME -->` and `<!-- /table -->`; a table without a place is left out. */
export function withTables(text: string, tables: Readonly<Record<string, string>>): string {
  return text.replace(/(<!-- table:([a-z-]+) -->\n)[\s\S]*?(<!-- \/table -->)/g, (whole, begin, name, end) => {
    const table = tables[name];
    return table === undefined ? whole : `${begin}${table}\n${end}`;
  });
}

function usageOf(command: Command): string {
  const path: string[] = [];
  for (let each: Command | null = command; each !== null; each = each.parent) path.unshift(each.name());
  const args = command.registeredArguments.map(argumentTerm);
  return [...path, ...args].join(' ');
}

function flagsOf(command: Command): string {
  return command.options.map((option: Option) => `\`${option.long ?? option.flags}\``).join(' ');
}

function fieldsOf(action: unknown, section: string): readonly ActionField[] {
  const fields: unknown = typeof action === 'object' && action !== null ? Reflect.get(action, section) : undefined;
  return Object.entries(fields ?? {}).map(([name, field]) => {
    const text = (key: string): string | undefined => {
      const value: unknown = typeof field === 'object' && field !== null ? Reflect.get(field, key) : undefined;
      return value === undefined ? undefined : String(value);
    };
    return { name, description: text('description') ?? '', default: text('default') };
  });
}

function markdownTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n');
}

function escapeCell(text: string): string {
  return text
    .trim()
    .replaceAll('|', '\\|')
    .replace(/\s*\n\s*/g, ' ');
}

if (import.meta.main) {
  const { createProgram } = await import('../../../src/cli/program.ts');
  const { fakeContext } = await import('./fake-context.ts');
  const text = withTables(readFileSync(README, 'utf8'), allTables(createProgram(fakeContext().context)));
  if (process.argv.includes('--write')) writeFileSync(README, text);
  else process.stdout.write(text);
}
