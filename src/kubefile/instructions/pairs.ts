/** `name=value` lists of ENV, LABEL and APPENV. */

import type { Pair } from '../ast.ts';
import { placeOf, type Span, sliceSpan, textOf, trimSpan } from '../lines/span.ts';
import { literalText } from '../words/word-grammar.ts';
import { nextWord, splitWords } from '../words/words.ts';
import { checkName, type NameKind, shorten } from './names.ts';
import { type Statement, wordFrom } from './statement.ts';

/**
 * Reads the pairs of an instruction. Where the first word has no `=`, the legacy form gives all the rest of the line
 * to that name.
 * @returns nothing if there is no pair at all; what is malformed is reported
 */
export function readAssignments(
  statement: Statement,
  rest: Span,
  kind: NameKind,
  legacy: 'no legacy' | 'legacy too',
): readonly Pair[] | undefined {
  const first = nextWord(rest, statement.escape);
  if (first === undefined) return undefined;
  if (legacy === 'legacy too' && !hasEquals(first)) return readLegacy(statement, rest, first, kind);
  return splitWords(rest, statement.escape).flatMap((word) => {
    if (hasEquals(word)) return pairOf(statement, splitAssignment(word), kind);
    const message = `"${shorten(textOf(word))}" has no "="`;
    const hint = 'Write name=value; a value with blanks stands in quotes, name="some value".';
    statement.problems.add('BAD_ARGUMENTS', placeOf(word), message, hint);
    return [];
  });
}

export function hasEquals(word: Span): boolean {
  return textOf(word).includes('=');
}

/** Cuts a word at its first `=`. */
export function splitAssignment(word: Span): { name: Span; value: Span } {
  const equals = textOf(word).indexOf('=');
  return { name: sliceSpan(word, 0, equals), value: sliceSpan(word, equals + 1) };
}

function readLegacy(statement: Statement, rest: Span, name: Span, kind: NameKind): readonly Pair[] | undefined {
  const value = trimSpan({ ...rest, start: name.end });
  return value.start === value.end ? undefined : pairOf(statement, { name, value }, kind);
}

/** A name with variables in it is checked when they are known. */
function pairOf(statement: Statement, pair: { name: Span; value: Span }, kind: NameKind): readonly Pair[] {
  const name = wordFrom(statement, pair.name);
  const value = wordFrom(statement, pair.value);
  const text = literalText(name.text, statement.escape);
  if (text !== undefined && !checkName(kind, { text, at: name.at }, statement.problems)) return [];
  return [{ name, value }];
}
