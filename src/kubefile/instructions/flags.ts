/** Flags between a keyword and its arguments: `--name=value`. */

import { listNames, nearest } from '../../suggest.ts';
import type { Word } from '../ast.ts';
import { placeOf, type Span, sliceSpan, textOf, trimSpan } from '../lines/span.ts';
import { literalText } from '../words/word-grammar.ts';
import { nextWord } from '../words/words.ts';
import { shorten } from './names.ts';
import { type Statement, wordFrom } from './statement.ts';

export interface Flags {
  /** Each flag's values in their order; only RUN's --mount and APP's --values have more than one. */
  readonly values: ReadonlyMap<string, readonly Span[]>;
  /** What stands behind the flags. */
  readonly rest: Span;
}

/** Flags without a value. */
const SWITCHES = new Set(['cluster']);

/** Flags that may stand more than once. */
const REPEATABLE = new Set(['mount', 'values']);

/** Reads the flags that an instruction knows; reports UNKNOWN_FLAG and BAD_FLAG for the others. */
export function readFlags(statement: Statement, known: readonly string[]): Flags {
  const values = new Map<string, Span[]>();
  let { rest } = statement;
  for (let word = nextWord(rest, statement.escape); word !== undefined; word = nextWord(rest, statement.escape)) {
    const [whole, name] = /^--([A-Za-z][A-Za-z0-9-]*)?/.exec(textOf(word)) ?? [];
    if (whole === undefined) break;
    rest = trimSpan({ ...rest, start: word.end });
    if (name === undefined) break;
    readFlag(statement, word, name, known, values);
  }
  return { values, rest };
}

/** The value of a flag that is kept as it was written, checked for malformed quotes and variables. */
export function flagWord(statement: Statement, flags: Flags, name: string): Word | undefined {
  const [span] = flags.values.get(name) ?? [];
  return span === undefined ? undefined : wordFrom(statement, span);
}

/** The same, compared with a pattern where it has no variables; reports when it does not match. */
export function checkedFlagWord(
  statement: Statement,
  flags: Flags,
  name: string,
  rule: { readonly pattern: RegExp; readonly hint: string; readonly code?: 'BAD_FLAG' | 'BAD_PLATFORM' },
): Word | undefined {
  const word = flagWord(statement, flags, name);
  if (word === undefined) return undefined;
  const text = literalText(word.text, statement.escape);
  if (text !== undefined && !rule.pattern.test(text)) {
    const message = `--${name} of ${statement.kind} cannot be "${shorten(text)}"`;
    statement.problems.add(rule.code ?? 'BAD_FLAG', word.at, message, rule.hint);
  }
  return word;
}

/** `--checksum` of ADD and APP. */
export const CHECKSUM_RULE = {
  pattern: /^sha256:[a-f0-9]{64}$/,
  hint: 'Write sha256: and the 64 hexadecimal digits that sha256sum prints.',
} as const;

function readFlag(
  { kind, problems }: Statement,
  word: Span,
  name: string,
  known: readonly string[],
  values: Map<string, Span[]>,
): void {
  const equals = textOf(word).indexOf('=');
  const given = textOf(word).slice(2, equals < 0 ? undefined : equals);
  if (given !== name || !known.includes(name)) {
    problems.add('UNKNOWN_FLAG', placeOf(word), `${kind} has no flag --${shorten(given)}`, () =>
      flagHint(kind, given, known),
    );
    return;
  }
  if (SWITCHES.has(name)) {
    if (equals < 0) values.set(name, [word]);
    else problems.add('BAD_FLAG', placeOf(word), `--${name} of ${kind} takes no value`, `Write --${name} alone.`);
    return;
  }
  const value = sliceSpan(word, equals + 1);
  if (equals < 0 || value.start === value.end) {
    problems.add(
      'BAD_FLAG',
      placeOf(word),
      `--${name} of ${kind} has no value`,
      `Write --${name}=value, without blanks.`,
    );
    return;
  }
  const before = values.get(name);
  if (before !== undefined && !REPEATABLE.has(name)) {
    problems.add('BAD_FLAG', placeOf(word), `--${name} of ${kind} stands twice`, 'Keep one of them.');
    return;
  }
  if (before === undefined) values.set(name, [value]);
  else before.push(value);
}

function flagHint(kind: string, name: string, known: readonly string[]): string {
  const found = nearest(name, known);
  if (found !== undefined) return `Did you mean --${found}?`;
  const reason = FOREIGN_FLAGS[`${kind} ${name}`] ?? FOREIGN_FLAGS[name];
  return reason ?? `Known are ${listNames(known.map((flag) => `--${flag}`))}.`;
}

/** Flags that Docker has, or has elsewhere. */
const FOREIGN_FLAGS: Readonly<Record<string, string>> = {
  'ADD from': 'Use COPY --from.',
  'COPY checksum': 'Use ADD --checksum, for a URL.',
  link: 'Remove it: every COPY is a layer of its own here.',
  network: 'Remove it: RUN has the network of the machine that builds.',
  security: 'Remove it: RUN has the rights of who builds.',
  exclude: 'List what is to be left out in .dockerignore.',
  parents: 'Copy the folders one by one.',
};
