/**
 * The grammar of a word: quotes, escapes and `${variables}`, as Docker's shell lexer has it (moby/buildkit,
 * frontend/dockerfile/shell). A word is parsed without any values, so that its mistakes show before a build begins.
 */

import type { Escape } from '../lines/lexer.ts';

export type Part =
  /** Quoted (or escaped) text is never split into words. */
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean }
  | { readonly kind: 'variable'; readonly name: string; readonly quoted: boolean; readonly operation: Operation };

export type Operation =
  | { readonly operator: 'value' }
  /** `${X:-word}` and the like; with the colon an empty value counts as unset. */
  | { readonly operator: '-' | '+' | '?'; readonly emptyIsUnset: boolean; readonly word: readonly Part[] }
  /** `${X#pattern}`, `##`, `%`, `%%`: without the shortest or longest match at the start or end. */
  | { readonly operator: '#' | '%'; readonly longest: boolean; readonly pattern: readonly Part[] }
  /** `${X/pattern/replacement}`, `//`. */
  | {
      readonly operator: '/';
      readonly all: boolean;
      readonly pattern: readonly Part[];
      readonly replacement: readonly Part[];
    };

/** What is wrong with a word; `index` is where in its text. */
export class WordFault extends Error {
  readonly code: 'BAD_QUOTES' | 'BAD_VARIABLE';
  readonly index: number;
  readonly hint: string;

  constructor(code: WordFault['code'], index: number, message: string, hint: string) {
    super(message);
    this.code = code;
    this.index = index;
    this.hint = hint;
  }
}

/** Quotes mean nothing in the content of a heredoc, and the escape character stays unless it escapes `$` or itself. */
export type WordMode = 'word' | 'heredoc';

/** @throws WordFault */
export function parseWord(text: string, escapedBy: Escape, mode: WordMode = 'word'): readonly Part[] {
  return parseUntil({ text, escape: escapedBy, mode, index: 0, depth: 0 }, undefined, 'drop');
}

/** The text of a word without variables, quotes removed; nothing if it has variables or is malformed. */
export function literalText(text: string, escapedBy: Escape): string | undefined {
  try {
    const parts = parseWord(text, escapedBy);
    return parts.every((part) => part.kind === 'text') ? parts.map((part) => part.text).join('') : undefined;
  } catch (error) {
    if (error instanceof WordFault) return undefined;
    throw error;
  }
}

interface State {
  readonly text: string;
  readonly escape: Escape;
  readonly mode: WordMode;
  index: number;
  depth: number;
}

/** Deeper nesting of `${a:-${b:-…}}` is an attack on the stack. */
const MAX_DEPTH = 40;
/** Names, positional parameters and the shell's special ones. */
const NAME = /[A-Za-z_][A-Za-z0-9_]*|[0-9]+|[@*#?$!-]/y;
const VARIABLE_HINT = 'Write ${NAME}, ${NAME:-default} or ${NAME:+value}; a plain dollar sign is \\$.';

/** Patterns keep their escapes (`\*` is not a wildcard); everywhere else the character behind stays alone. */
function parseUntil(state: State, stop: '}' | '/' | undefined, escapes: 'keep' | 'drop'): readonly Part[] {
  const parts: Part[] = [];
  const opened = state.index;
  while (state.index < state.text.length) {
    const character = state.text[state.index];
    if (character === stop) {
      state.index++;
      return parts;
    }
    if (character === '$') parts.push(parseDollar(state, false));
    else if (character === state.escape) parts.push(parseEscape(state, escapes));
    else if (character === "'" && state.mode === 'word') parts.push(parseSingleQuote(state));
    else if (character === '"' && state.mode === 'word') parts.push(...parseDoubleQuote(state));
    else parts.push(parsePlain(state, stop));
  }
  if (stop !== undefined)
    throw new WordFault('BAD_VARIABLE', opened, `"${stop}" is missing after "\${"`, VARIABLE_HINT);
  return parts;
}

function parsePlain(state: State, stop: string | undefined): Part {
  const start = state.index;
  while (state.index < state.text.length) {
    const character = state.text[state.index];
    if (character === '$' || character === stop || character === state.escape) break;
    if (state.mode === 'word' && (character === "'" || character === '"')) break;
    state.index++;
  }
  return { kind: 'text', text: state.text.slice(start, state.index), quoted: false };
}

function parseEscape(state: State, escapes: 'keep' | 'drop'): Part {
  const next = state.text[state.index + 1] ?? '';
  const stays = escapes === 'keep' || (state.mode === 'heredoc' && next !== '$' && next !== state.escape);
  state.index += 1 + next.length;
  return { kind: 'text', text: stays ? `${escapes === 'keep' ? '\\' : state.escape}${next}` : next, quoted: true };
}

function parseSingleQuote(state: State): Part {
  const start = state.index;
  const end = state.text.indexOf("'", start + 1);
  if (end < 0) throw unclosedQuote(start, "'");
  state.index = end + 1;
  return { kind: 'text', text: state.text.slice(start + 1, end), quoted: true };
}

function parseDoubleQuote(state: State): readonly Part[] {
  const start = state.index++;
  const parts: Part[] = [];
  let text = '';
  const flush = (): void => {
    parts.push({ kind: 'text', text, quoted: true });
    text = '';
  };
  for (;;) {
    const character = state.text[state.index];
    if (character === undefined) throw unclosedQuote(start, '"');
    if (character === '"') break;
    if (character === '$') {
      flush();
      parts.push(parseDollar(state, true));
      continue;
    }
    const next = state.text[state.index + 1];
    const escaped = character === state.escape && (next === '"' || next === '$' || next === state.escape);
    text += escaped ? next : character;
    state.index += escaped ? 2 : 1;
  }
  state.index++;
  flush();
  return parts;
}

function unclosedQuote(index: number, quote: string): WordFault {
  return new WordFault(
    'BAD_QUOTES',
    index,
    `the quote ${quote} is never closed`,
    `Close it, or write \\${quote} for the character itself.`,
  );
}

function parseDollar(state: State, quoted: boolean): Part {
  const start = state.index++;
  if (state.text[state.index] !== '{') {
    const name = takeName(state);
    if (name === undefined) return { kind: 'text', text: '$', quoted };
    return { kind: 'variable', name, quoted, operation: { operator: 'value' } };
  }
  state.index++;
  if (++state.depth > MAX_DEPTH) {
    throw new WordFault('BAD_VARIABLE', start, 'variables are nested too deeply', 'Take an ARG for the inner ones.');
  }
  const name = takeName(state);
  if (name === undefined) throw new WordFault('BAD_VARIABLE', start, '"${" is not followed by a name', VARIABLE_HINT);
  const operation = parseOperation(state, start);
  state.depth--;
  return { kind: 'variable', name, quoted, operation };
}

function takeName(state: State): string | undefined {
  NAME.lastIndex = state.index;
  const name = NAME.exec(state.text)?.[0];
  state.index += name?.length ?? 0;
  return name;
}

function parseOperation(state: State, start: number): Operation {
  const colon = state.text[state.index] === ':' ? ':' : '';
  state.index += colon.length;
  const operator = state.text[state.index++];
  if (operator === undefined) throw new WordFault('BAD_VARIABLE', start, '"}" is missing after "${"', VARIABLE_HINT);
  const doubled = state.text[state.index] === operator;
  switch (`${colon}${operator}`) {
    case '}':
      return { operator: 'value' };
    case '-':
    case '+':
    case '?':
    case ':-':
    case ':+':
    case ':?': {
      const kind = operator === '-' || operator === '+' ? operator : '?';
      return { operator: kind, emptyIsUnset: colon !== '', word: parseUntil(state, '}', 'drop') };
    }
    case '#':
    case '%':
      state.index += doubled ? 1 : 0;
      return { operator: operator === '#' ? '#' : '%', longest: doubled, pattern: parseUntil(state, '}', 'keep') };
    case '/': {
      state.index += doubled ? 1 : 0;
      const pattern = parseUntil(state, '/', 'keep');
      return { operator: '/', all: doubled, pattern, replacement: parseUntil(state, '}', 'drop') };
    }
    default:
      throw new WordFault('BAD_VARIABLE', start, `"${colon}${operator}" is not known inside "\${…}"`, VARIABLE_HINT);
  }
}
