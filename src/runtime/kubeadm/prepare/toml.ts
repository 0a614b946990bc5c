/**
 * The settings of containerd's configuration, as far as we have to read them: tables and keys by name, values as they are
 * written. Enough to lay one file over another; containerd's own `imports` replaces a plugin's settings as a whole.
 */

import { SealerError } from '../../../error.ts';

/** Values by key, by the path of their table. */
export type TomlTables = ReadonlyMap<string, ReadonlyMap<string, string>>;

/**
 * Reads a file's tables.
 * @param at what to call it in errors
 * @throws SealerError IMAGE_UNFIT for what is beyond us: arrays of tables, texts of several lines
 */
export function readToml(text: string, at: string): TomlTables {
  const tables = new Map<string, Map<string, string>>();
  let table = new Map<string, string>();
  tables.set('', table);
  const lines = text.split('\n');
  for (let i = 0; i < lines.length; i++) {
    let line = stripComment(lines[i] ?? '').trim();
    if (line === '') continue;
    const header = /^\[(?!\[)(.+)\]$/.exec(line)?.[1];
    if (header !== undefined) {
      const path = pathOf(header);
      table = tables.get(path) ?? new Map();
      tables.set(path, table);
      continue;
    }
    while (!isBalanced(line) && i + 1 < lines.length) line += ` ${stripComment(lines[++i] ?? '').trim()}`;
    const [, key, value] = /^("[^"]*"|'[^']*'|[\w-]+)\s*=\s*(.+)$/.exec(line) ?? [];
    if (key === undefined || value === undefined || /^("""|''')/.test(value)) {
      throw new SealerError('IMAGE_UNFIT', `${at}: line ${i + 1} is no table, and no key with a value on one line`);
    }
    table.set(bare(key), value);
  }
  return tables;
}

/** Lays tables over others. */
export function mergeToml(base: TomlTables, over: TomlTables): TomlTables {
  const merged = new Map(base);
  for (const [path, table] of over) merged.set(path, new Map([...(merged.get(path) ?? []), ...table]));
  return merged;
}

/** Writes tables, those of the root first. */
export function writeToml(tables: TomlTables): string {
  const filled = [...tables].filter(([, table]) => table.size > 0).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return filled
    .map(([path, table]) => {
      const lines = [...table].map(([key, value]) => `${/^[\w-]+$/.test(key) ? key : JSON.stringify(key)} = ${value}`);
      return `${[...(path === '' ? [] : [`[${path}]`]), ...lines].join('\n')}\n`;
    })
    .join('\n');
}

/** The path of a table, in one way of writing it: `plugins."io.containerd.grpc.v1.cri".registry`. */
export function pathOf(header: string): string {
  const parts = header.match(/"[^"]*"|'[^']*'|[^.\s]+/g) ?? [];
  return parts
    .map(bare)
    .map((part) => (/^[\w-]+$/.test(part) ? part : JSON.stringify(part)))
    .join('.');
}

function bare(word: string): string {
  return word.replace(/^(["'])(.*)\1$/, '$2');
}

function stripComment(line: string): string {
  let quote = '';
  for (const [i, letter] of [...line].entries()) {
    if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if (letter === '#') return [...line].slice(0, i).join('');
  }
  return line;
}

function isBalanced(line: string): boolean {
  const plain = line.replace(/"[^"]*"|'[^']*'/g, '');
  const count = (letters: RegExp): number => plain.match(letters)?.length ?? 0;
  return count(/[[{]/g) <= count(/[\]}]/g);
}
