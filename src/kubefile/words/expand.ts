/** Words and heredocs with the values of variables put in. */

import { type Place, SealerError } from '../../error.ts';
import type { Heredoc, Word } from '../ast.ts';
import type { Escape } from '../lines/lexer.ts';
import { removeMatch, replaceMatch } from './pattern.ts';
import { type Operation, type Part, parseWord, WordFault, type WordMode } from './word-grammar.ts';

/** The value of a variable, nothing if it is not set. */
export type Scope = (name: string) => string | undefined;

/**
 * The text of a word: quotes removed, escapes resolved, variables replaced. Known are `$X`, `${X}`, `${X:-word}`,
 * `${X:+word}`, `${X:?message}` (each also without the colon, which then lets empty values be), `${X#pattern}`, `##`,
 * `%`, `%%`, `${X/pattern/replacement}` and `//`. What is not set is empty.
 * @throws SealerError BAD_VARIABLE, BAD_QUOTES
 */
export function expandWord(word: Word, scope: Scope, escapedBy: Escape): string {
  return join(evaluateText(word.text, word.at, scope, escapedBy, 'word'));
}

/**
 * The same, split at blanks that are not quoted, also those that come out of variables.
 * @throws SealerError BAD_VARIABLE, BAD_QUOTES
 */
export function expandWords(word: Word, scope: Scope, escapedBy: Escape): string[] {
  const words: string[] = [];
  let current = '';
  for (const { text, quoted } of evaluateText(word.text, word.at, scope, escapedBy, 'word')) {
    const [first = '', ...others] = quoted ? [text] : text.split(/\s+/);
    current += first;
    for (const other of others) {
      words.push(current);
      current = other;
    }
  }
  return [...words, current].filter((text) => text !== '');
}

/**
 * The content of a heredoc; variables are replaced unless its name was quoted. Quotes stay, and so do escapes but
 * those of `$` and of the escapedBy character.
 * @throws SealerError BAD_VARIABLE
 */
export function expandHeredoc(heredoc: Heredoc, scope: Scope, escapedBy: Escape): string {
  if (!heredoc.expand) return heredoc.content;
  return join(evaluateText(heredoc.content, heredoc.at, scope, escapedBy, 'heredoc'));
}

/** Names of the variables that a word reads; `required` are those without which it has a hole. */
export function variablesOf(word: Word, escapedBy: Escape): { names: readonly string[]; required: readonly string[] } {
  const names = new Set<string>();
  const required = new Set<string>();
  try {
    collect(parseWord(word.text, escapedBy), names, required);
  } catch (error) {
    if (!(error instanceof WordFault)) throw error;
  }
  return { names: [...names], required: [...required] };
}

interface Piece {
  readonly text: string;
  readonly quoted: boolean;
}

/** `ENV A=$A$A` in a row doubles each time; nothing sensible is this long (in UTF-16 units). */
const MAX_LENGTH = 4 * 1024 * 1024;

function evaluateText(text: string, at: Place, scope: Scope, escapedBy: Escape, mode: WordMode): readonly Piece[] {
  try {
    return evaluate(parseWord(text, escapedBy, mode), scope, at);
  } catch (error) {
    if (!(error instanceof WordFault)) throw error;
    throw new SealerError(error.code, error.message, { hint: error.hint, at, cause: error });
  }
}

function evaluate(parts: readonly Part[], scope: Scope, at: Place): readonly Piece[] {
  let length = 0;
  return parts.map((part) => {
    const text = part.kind === 'text' ? part.text : apply(part.name, part.operation, scope, at);
    length += text.length;
    if (length > MAX_LENGTH) {
      throw new SealerError('BAD_VARIABLE', 'variables expand to more than 4 MiB', { hint: 'Shorten them.', at });
    }
    return { text, quoted: part.quoted };
  });
}

function apply(name: string, operation: Operation, scope: Scope, at: Place): string {
  const value = scope(name);
  const text = (parts: readonly Part[]): string => join(evaluate(parts, scope, at));
  switch (operation.operator) {
    case 'value':
      return value ?? '';
    case '#':
      return removeMatch(value ?? '', text(operation.pattern), 'start', operation.longest);
    case '%':
      return removeMatch(value ?? '', text(operation.pattern), 'end', operation.longest);
    case '/':
      return replaceMatch(value ?? '', text(operation.pattern), text(operation.replacement), operation.all);
  }
  const isUnset = value === undefined || (operation.emptyIsUnset && value === '');
  switch (operation.operator) {
    case '-':
      return isUnset ? text(operation.word) : value;
    case '+':
      return isUnset ? '' : text(operation.word);
    case '?':
      if (!isUnset) return value;
      throw new SealerError('BAD_VARIABLE', `${name}: ${text(operation.word) || 'is not set'}`, {
        hint: `Give it a value: an ENV, the default of an ARG, or --build-arg ${name}=….`,
        at,
      });
  }
}

function collect(parts: readonly Part[], names: Set<string>, required: Set<string>): void {
  for (const part of parts) {
    if (part.kind === 'text') continue;
    names.add(part.name);
    const { operation } = part;
    if (operation.operator !== '-' && operation.operator !== '+') required.add(part.name);
    // What stands behind ${X:+…} and ${X:?…} may never be read.
    if ('word' in operation) collect(operation.word, names, operation.operator === '-' ? required : new Set());
    if ('pattern' in operation) collect(operation.pattern, names, required);
    if ('replacement' in operation) collect(operation.replacement, names, required);
  }
}

function join(pieces: readonly Piece[]): string {
  return pieces.map(({ text }) => text).join('');
}
