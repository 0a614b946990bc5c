/** `printf` (Go's package fmt). */

import { quote } from '../unquote.ts';
import { isList, isMap, Missing, show, showFloat, typeName, type Value } from '../value.ts';

interface Verb {
  readonly flags: string;
  readonly width: number | undefined;
  readonly precision: number | undefined;
  readonly letter: string;
}

const DIRECTIVE = /%([-+# 0]*)(\*|\d{1,6})?(?:\.(\*|\d{0,6}))?([a-zA-Z%]|$|.)/gu;

/** Text with its directives replaced. What does not fit is told in the text, as Go does. */
export function format(pattern: string, args: readonly Value[]): string {
  let next = 0;
  const take = (): Value | undefined => args[next++];
  const star = (written: string | undefined): number | undefined => {
    if (written === '*') return Number(take() ?? 0);
    return written === undefined ? undefined : Number(written);
  };
  const text = pattern.replaceAll(DIRECTIVE, (_all, flags: string, wide?: string, exact?: string, letter = '') => {
    const width = star(wide);
    const precision = star(exact);
    if (letter === '%') return '%';
    if (letter === '') return '%!(NOVERB)';
    if (next >= args.length) return `%!${letter}(MISSING)`;
    return formatOne({ flags, width, precision, letter }, take() ?? null);
  });
  if (next >= args.length) return text;
  const extra = args.slice(next).map((arg) => (arg === null ? '<nil>' : `${typeName(arg)}=${show(arg)}`));
  return `${text}%!(EXTRA ${extra.join(', ')})`;
}

function formatOne(verb: Verb, value: Value): string {
  if (verb.letter === 'T') return pad(verb, typeName(value));
  if (verb.letter === 'v' && (value === null || value instanceof Missing)) return pad(verb, '<nil>');
  if (isList(value)) return `[${value.map((each) => formatOne(verb, each)).join(' ')}]`;
  if (isMap(value)) return pad(verb, show(value));
  const text = formatScalar(verb, value);
  if (text !== undefined) return text;
  return value === null || value instanceof Missing
    ? `%!${verb.letter}(<nil>)`
    : `%!${verb.letter}(${typeName(value)}=${show(value)})`;
}

function formatScalar(verb: Verb, value: Value): string | undefined {
  if (typeof value === 'string') return formatText(verb, value);
  if (typeof value === 'bigint') return formatInt(verb, value);
  if (typeof value === 'number') return formatFloat(verb, value);
  if (typeof value === 'boolean') return 'tv'.includes(verb.letter) ? pad(verb, String(value)) : undefined;
  return undefined;
}

function formatText(verb: Verb, value: string): string | undefined {
  const cut = verb.precision === undefined ? value : [...value].slice(0, verb.precision).join('');
  switch (verb.letter) {
    case 's':
      return pad(verb, cut);
    case 'v':
      return pad(verb, verb.flags.includes('#') ? quote(cut) : cut);
    case 'q':
      return pad(verb, verb.flags.includes('#') && !/[`\n\r]/.test(cut) ? `\`${cut}\`` : quote(cut));
    case 'x':
      return pad(verb, Buffer.from(cut).toString('hex'));
    case 'X':
      return pad(verb, Buffer.from(cut).toString('hex').toUpperCase());
    default:
      return undefined;
  }
}

const BASES: ReadonlyMap<string, readonly [number, string]> = new Map([
  ['d', [10, '']],
  ['v', [10, '']],
  ['b', [2, '0b']],
  ['o', [8, '0']],
  ['O', [8, '0o']],
  ['x', [16, '0x']],
  ['X', [16, '0X']],
]);

function formatInt(verb: Verb, value: bigint): string | undefined {
  if (verb.letter === 'c') return pad(verb, character(value));
  if (verb.letter === 'q') return pad(verb, `'${character(value)}'`);
  if (verb.letter === 'U') return pad(verb, `U+${value.toString(16).toUpperCase().padStart(4, '0')}`);
  const [base, prefix] = BASES.get(verb.letter) ?? [];
  if (base === undefined) return undefined;
  const size = (value < 0n ? -value : value).toString(base).padStart(verb.precision ?? 0, '0');
  const digits = verb.letter === 'X' ? size.toUpperCase() : size;
  const before = verb.flags.includes('#') || verb.letter === 'O' ? prefix : '';
  return padNumber(verb, signOf(verb, value < 0n), before + digits, verb.precision === undefined);
}

function formatFloat(verb: Verb, value: number): string | undefined {
  const size = Math.abs(value);
  const sign = signOf(verb, value < 0 || Object.is(value, -0));
  if (!'vgGeEfF'.includes(verb.letter)) return undefined;
  if (!Number.isFinite(value)) return pad(verb, showFloat(value));
  return padNumber(verb, sign, floatDigits(verb, size), true);
}

function floatDigits({ letter, precision }: Verb, size: number): string {
  if (letter === 'f' || letter === 'F') return toFixed(size, Math.min(50, precision ?? 6));
  if (letter === 'e' || letter === 'E') return exponent(size.toExponential(Math.min(100, precision ?? 6)), letter);
  if (precision === undefined) return exponent(showFloat(size), letter);
  const significant = Math.max(1, Math.min(100, precision));
  const power = Number(size.toExponential(significant - 1).split('e')[1]);
  const isShort = power >= -4 && power < significant;
  const text = isShort
    ? toFixed(size, Math.min(50, Math.max(0, significant - 1 - power)))
    : size.toExponential(significant - 1);
  return exponent(text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, ''), letter);
}

/** Half goes to the even digit in Go, and up in JavaScript. */
function toFixed(size: number, digits: number): string {
  const rounded = size.toFixed(digits);
  if (size >= 1e21) return BigInt(size).toString() + (digits > 0 ? `.${'0'.repeat(digits)}` : '');
  const exact = size.toFixed(digits + 50);
  const rest = exact.slice(-50);
  if (!/^50+$/.test(rest)) return rounded;
  const down = exact.slice(0, -50).replace(/\.$/, '');
  return /[02468]$/.test(down) ? down : rounded;
}

/** Go's exponents have two digits at least. */
function exponent(text: string, letter: string): string {
  const padded = text.replace(/e([+-])(\d)$/, 'e$10$2');
  return 'EG'.includes(letter) ? padded.toUpperCase() : padded;
}

function character(value: bigint): string {
  return value >= 0n && value <= 0x10ffffn ? String.fromCodePoint(Number(value)) : '\ufffd';
}

function signOf({ flags }: Verb, isNegative: boolean): string {
  if (isNegative) return '-';
  return flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : '';
}

function padNumber(verb: Verb, sign: string, digits: string, mayFill: boolean): string {
  const isFilled = mayFill && verb.flags.includes('0') && !verb.flags.includes('-');
  if (!isFilled) return pad({ ...verb, flags: verb.flags.replaceAll('0', '') }, sign + digits);
  return sign + digits.padStart((verb.width ?? 0) - sign.length, '0');
}

/** Widths count characters. */
function pad({ flags, width = 0 }: Verb, text: string): string {
  const missing = Math.abs(width) - [...text].length;
  if (missing <= 0) return text;
  if (flags.includes('-') || width < 0) return text + ' '.repeat(missing);
  return (flags.includes('0') ? '0' : ' ').repeat(missing) + text;
}
