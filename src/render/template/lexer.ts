/** The tokens of a Go template (text/template/parse/lex.go). */

import { type Position, templateError } from './template-error.ts';
import { unquote } from './unquote.ts';

export type Token =
  | { readonly kind: 'text'; readonly text: string; readonly at: Position }
  | { readonly kind: 'open' | 'close' | 'space' | '|' | '(' | ')' | ',' | ':=' | '=' | '.'; readonly at: Position }
  | { readonly kind: 'word' | 'keyword' | 'field' | 'variable'; readonly text: string; readonly at: Position }
  | { readonly kind: 'string'; readonly text: string; readonly at: Position }
  | { readonly kind: 'number'; readonly value: bigint | number; readonly at: Position };

const KEYWORDS = new Set([
  'block',
  'break',
  'continue',
  'define',
  'else',
  'end',
  'if',
  'nil',
  'range',
  'template',
  'with',
]);
/** What trim markers trim, and what separates words. */
const SPACE = ' \t\r\n';
const NAME = /[\p{L}\p{Nd}_]+/uy;
const NUMBER =
  /[+-]?(?:0[xX][0-9a-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*\.?(?:[eE][+-]?\d+)?)/y;
const STRING = /"(?:[^"\\\n]|\\.)*"/y;
const RAW_STRING = /`[^`]*`/y;
const CHARACTER = /'(?:[^'\\\n]|\\.[^']*)'/uy;

/**
 * The tokens of a template, white space at trim markers already gone.
 * @throws SealerError TEMPLATE_INVALID
 */
export function tokenize(source: string, file: string): readonly Token[] {
  const tokens: Token[] = [];
  const fail = (message: string, at: Position): never => {
    throw templateError(message, file, source, at);
  };
  let at = 0;
  let trimsNext = false;
  while (at <= source.length) {
    const open = source.indexOf('{{', at);
    const end = open < 0 ? source.length : open;
    const trimsBefore = open >= 0 && source[open + 2] === '-' && SPACE.includes(source[open + 3] ?? '-');
    pushText(tokens, source, at, end, trimsNext, trimsBefore);
    if (open < 0) break;
    const inside = open + (trimsBefore ? 3 : 2);
    const comment = commentEnd(source, inside, trimsBefore);
    const action = comment ?? lexAction(source, inside, open, tokens, fail);
    if (action === 'unclosed')
      return fail('A comment is not closed, or something stands behind it in the braces', open);
    at = action.end;
    trimsNext = action.trims;
  }
  return tokens;
}

interface ActionEnd {
  readonly end: number;
  /** Whether the text behind it loses its white space. */
  readonly trims: boolean;
}

function pushText(
  tokens: Token[],
  source: string,
  from: number,
  to: number,
  trimsStart: boolean,
  trimsEnd: boolean,
): void {
  let start = from;
  let end = to;
  while (trimsStart && start < end && SPACE.includes(source.charAt(start))) start += 1;
  while (trimsEnd && end > start && SPACE.includes(source.charAt(end - 1))) end -= 1;
  if (end > start) tokens.push({ kind: 'text', text: source.slice(start, end), at: start });
}

/** A comment has the braces for itself: at most a trim marker stands on either side. */
function commentEnd(source: string, inside: number, trimsBefore: boolean): ActionEnd | 'unclosed' | undefined {
  let start = inside;
  if (trimsBefore) while (SPACE.includes(source.charAt(start)) && start < source.length) start += 1;
  if (!source.startsWith('/*', start)) return undefined;
  const close = source.indexOf('*/', start + 2);
  if (close < 0) return 'unclosed';
  if (source.startsWith('}}', close + 2)) return { end: close + 4, trims: false };
  const trim = /\s+-\}\}/y;
  trim.lastIndex = close + 2;
  return trim.test(source) ? { end: trim.lastIndex, trims: true } : 'unclosed';
}

function lexAction(
  source: string,
  inside: number,
  open: number,
  tokens: Token[],
  fail: (message: string, at: Position) => never,
): ActionEnd {
  tokens.push({ kind: 'open', at: open });
  let depth = 0;
  for (let at = inside; at < source.length; ) {
    const trims = SPACE.includes(source.charAt(at)) && source.startsWith('-}}', at + 1);
    if (trims || source.startsWith('}}', at)) {
      if (depth > 0) fail('A parenthesis is not closed', at);
      tokens.push({ kind: 'close', at });
      return { end: at + (trims ? 4 : 2), trims };
    }
    const [token, end] = lexToken(source, at, fail);
    if (token.kind === '(') depth += 1;
    if (token.kind === ')') depth -= 1;
    if (depth < 0) fail('A parenthesis is closed that was not opened', at);
    tokens.push(token);
    at = end;
  }
  return fail('An action is not closed: }} is missing', open);
}

function lexToken(
  source: string,
  at: Position,
  fail: (message: string, at: Position) => never,
): readonly [Token, Position] {
  const char = source.charAt(at);
  if (SPACE.includes(char)) {
    let end = at + 1;
    // The last blank before -}} belongs to the marker.
    while (SPACE.includes(source.charAt(end)) && end < source.length && !source.startsWith('-}}', end + 1)) end += 1;
    return [{ kind: 'space', at }, end];
  }
  if (char === ':') {
    if (source[at + 1] !== '=') fail('A colon stands alone; a variable is declared with :=', at);
    return [{ kind: ':=', at }, at + 2];
  }
  if (char === '|' || char === '(' || char === ')' || char === ',' || char === '=') return [{ kind: char, at }, at + 1];
  if (char === '"' || char === '`') return lexString(source, at, char, fail);
  if (char === "'") return lexCharacter(source, at, fail);
  if (char === '$') {
    const name = match(NAME, source, at + 1) ?? '';
    return [{ kind: 'variable', text: `$${name}`, at }, at + 1 + name.length];
  }
  const isNumber = /[0-9]/.test(char) || (/[+\-.]/.test(char) && /[0-9.]/.test(source.charAt(at + 1)));
  const number = isNumber ? match(NUMBER, source, at) : undefined;
  if (number !== undefined) return lexNumber(number, source, at, fail);
  if (char === '.') {
    const name = match(NAME, source, at + 1);
    if (name === undefined) return [{ kind: '.', at }, at + 1];
    return [{ kind: 'field', text: name, at }, at + 1 + name.length];
  }
  const word = match(NAME, source, at);
  if (word === undefined) return fail(`${JSON.stringify(char)} does not belong in an action`, at);
  return [{ kind: KEYWORDS.has(word) ? 'keyword' : 'word', text: word, at }, at + word.length];
}

function lexString(
  source: string,
  at: Position,
  quote: string,
  fail: (message: string, at: Position) => never,
): readonly [Token, Position] {
  const literal = match(quote === '`' ? RAW_STRING : STRING, source, at) ?? fail('A string is not closed', at);
  const inner = literal.slice(1, -1);
  const text = quote === '`' ? inner.replaceAll('\r', '') : unquote(inner);
  if (text === undefined) return fail(`${literal} is no Go string: an escape in it is unknown`, at);
  return [{ kind: 'string', text, at }, at + literal.length];
}

function lexCharacter(
  source: string,
  at: Position,
  fail: (message: string, at: Position) => never,
): readonly [Token, Position] {
  const literal = match(CHARACTER, source, at) ?? fail('A character is not closed', at);
  const text = unquote(literal.slice(1, -1)) ?? '';
  const [code, ...more] = [...text];
  if (code === undefined || more.length > 0) return fail(`${literal} is not one character`, at);
  return [{ kind: 'number', value: BigInt(code.codePointAt(0) ?? 0), at }, at + literal.length];
}

function lexNumber(
  literal: string,
  source: string,
  at: Position,
  fail: (message: string, at: Position) => never,
): readonly [Token, Position] {
  const end = at + literal.length;
  const plain = literal.replaceAll('_', '');
  if (match(NAME, source, end) !== undefined) fail(`${literal}${match(NAME, source, end)} is no number`, at);
  if (/^[+-]?(?:0[xXoObB]|\d+$)/.test(plain)) {
    const digits = plain.replace(/^[+-]/, '');
    // 010 is octal in Go.
    const value = BigInt(
      /^0\d/.test(digits) ? (/^[0-7]+$/.test(digits) ? `0o${digits}` : fail(`${literal} is no number`, at)) : digits,
    );
    return [{ kind: 'number', value: plain.startsWith('-') ? -value : value, at }, end];
  }
  return [{ kind: 'number', value: Number(plain), at }, end];
}

function match(pattern: RegExp, source: string, at: Position): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source)?.[0];
}
