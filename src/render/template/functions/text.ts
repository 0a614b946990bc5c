/** Text (text/template's print functions; sprig's strings.go). */

import { FunctionFailure } from '../template-error.ts';
import { quote } from '../unquote.ts';
import { show, type Value } from '../value.ts';
import { format } from './format.ts';
import { anyTextAt, countAt, define, listAt, type TemplateFunction, textAt } from './signature.ts';

const ANY = Number.POSITIVE_INFINITY;
/** What repeat and indent may make of little. */
const MAX_TEXT = 16 * 1024 * 1024;
/** What unicode.IsSpace takes for white space. */
const TRIM = /^[\t-\r \u0085\u00a0\p{Zs}\u2028\u2029]+|[\t-\r \u0085\u00a0\p{Zs}\u2028\u2029]+$/gu;

export const TEXT_FUNCTIONS: Readonly<Record<string, TemplateFunction>> = {
  print: define('print', { min: 0, max: ANY }, (args) =>
    args.reduce<string>((text, arg, i) => {
      const isApart = i > 0 && typeof arg !== 'string' && typeof args[i - 1] !== 'string';
      return text + (isApart ? ' ' : '') + show(arg);
    }, ''),
  ),
  println: define('println', { min: 0, max: ANY }, (args) => `${args.map(show).join(' ')}\n`),
  printf: define('printf', { min: 1, max: ANY }, (args) => format(textAt(args, 0), args.slice(1))),
  quote: define('quote', { min: 0, max: ANY }, (args) =>
    present(args)
      .map((arg) => quote(show(arg)))
      .join(' '),
  ),
  squote: define('squote', { min: 0, max: ANY }, (args) =>
    present(args)
      .map((arg) => `'${show(arg)}'`)
      .join(' '),
  ),
  cat: define('cat', { min: 0, max: ANY }, (args) => present(args).map(show).join(' ')),
  indent: define('indent', { min: 2 }, (args) => indent(countAt(args, 0), textAt(args, 1))),
  nindent: define('nindent', { min: 2 }, (args) => `\n${indent(countAt(args, 0), textAt(args, 1))}`),
  upper: define('upper', { min: 1 }, (args) => changeCase(textAt(args, 0), (char) => char.toUpperCase())),
  lower: define('lower', { min: 1 }, (args) => changeCase(textAt(args, 0), (char) => char.toLowerCase())),
  title: define('title', { min: 1 }, (args) =>
    textAt(args, 0).replaceAll(
      /(^|[\0-/:-@[-^`{-\x7f]|\p{Zs})(\p{L})/gu,
      (_all, before: string, letter: string) => before + letter.toUpperCase(),
    ),
  ),
  trim: define('trim', { min: 1 }, (args) => textAt(args, 0).replaceAll(TRIM, '')),
  trimAll: define('trimAll', { min: 2 }, (args) => trimChars(textAt(args, 1), textAt(args, 0))),
  trimPrefix: define('trimPrefix', { min: 2 }, (args) => {
    const [prefix, text] = [textAt(args, 0), textAt(args, 1)];
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  }),
  trimSuffix: define('trimSuffix', { min: 2 }, (args) => {
    const [suffix, text] = [textAt(args, 0), textAt(args, 1)];
    return suffix !== '' && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  }),
  nospace: define('nospace', { min: 1 }, (args) => textAt(args, 0).replaceAll(/[\s\u0085]/gu, '')),
  replace: define('replace', { min: 3 }, (args) => replace(textAt(args, 0), textAt(args, 1), textAt(args, 2))),
  contains: define('contains', { min: 2 }, (args) => textAt(args, 1).includes(textAt(args, 0))),
  hasPrefix: define('hasPrefix', { min: 2 }, (args) => textAt(args, 1).startsWith(textAt(args, 0))),
  hasSuffix: define('hasSuffix', { min: 2 }, (args) => textAt(args, 1).endsWith(textAt(args, 0))),
  repeat: define('repeat', { min: 2 }, (args) => {
    const [count, text] = [countAt(args, 0), textAt(args, 1)];
    if (count < 0) throw new FunctionFailure('repeat takes no negative number');
    return bounded(count * text.length, () => text.repeat(count));
  }),
  trunc: define('trunc', { min: 2 }, (args) => trunc(countAt(args, 0), textAt(args, 1))),
  substr: define('substr', { min: 3 }, (args) => substr(countAt(args, 0), countAt(args, 1), textAt(args, 2))),
  join: define('join', { min: 2 }, (args) => present(listAt(args, 1)).map(show).join(anyTextAt(args, 0))),
  splitList: define('splitList', { min: 2 }, (args) => textAt(args, 1).split(textAt(args, 0))),
  split: define(
    'split',
    { min: 2 },
    (args) =>
      new Map(
        textAt(args, 1)
          .split(textAt(args, 0))
          .map((part, i): [string, Value] => [`_${i}`, part]),
      ),
  ),
  b64enc: define('b64enc', { min: 1 }, (args) => Buffer.from(textAt(args, 0)).toString('base64')),
  b64dec: define('b64dec', { min: 1 }, (args) => decodeBase64(textAt(args, 0))),
  include: define('include', { min: 2, takesMissing: true }, (args, context) =>
    context.include(textAt(args, 0), args[1] ?? null),
  ),
};

/** Go changes one character into one: ß stays what it is. */
function changeCase(text: string, change: (char: string) => string): string {
  return Array.from(text, (char) => {
    const changed = change(char);
    return [...changed].length === 1 ? changed : char;
  }).join('');
}

/** sprig leaves nil out. */
function present(args: readonly Value[]): readonly Value[] {
  return args.filter((arg) => arg !== null);
}

function indent(width: number, text: string): string {
  const pad = ' '.repeat(Math.max(0, width));
  return bounded(text.length + pad.length * text.split('\n').length, () => pad + text.replaceAll('\n', `\n${pad}`));
}

function bounded(length: number, make: () => string): string {
  if (length > MAX_TEXT) throw new FunctionFailure('The text would be larger than 16 MiB');
  return make();
}

function replace(old: string, text: string, source: string): string {
  // Never a pattern: `$&` in the replacement is text too. An empty one stands between all characters, as in Go.
  const parts = old === '' ? ['', ...source, ''] : source.split(old);
  return bounded(source.length + text.length * parts.length, () => parts.join(text));
}

function trimChars(text: string, chars: string): string {
  const cut = new Set(chars);
  const all = [...text];
  const start = all.findIndex((char) => !cut.has(char));
  return start < 0 ? '' : all.slice(start, all.findLastIndex((char) => !cut.has(char)) + 1).join('');
}

/** sprig counts bytes here. */
function trunc(count: number, text: string): string {
  const bytes = Buffer.from(text);
  if (count < 0) return bytes.byteLength + count > 0 ? bytes.subarray(bytes.byteLength + count).toString() : text;
  return bytes.byteLength > count ? bytes.subarray(0, count).toString() : text;
}

function substr(start: number, end: number, text: string): string {
  const bytes = Buffer.from(text);
  if (start < 0) return bytes.subarray(0, Math.max(0, end)).toString();
  return bytes.subarray(start, end < 0 || end > bytes.byteLength ? undefined : end).toString();
}

function decodeBase64(text: string): string {
  const plain = text.replaceAll(/[\r\n]/g, '');
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(plain)) {
    throw new FunctionFailure('b64dec is given what is not base64');
  }
  return Buffer.from(plain, 'base64').toString();
}
