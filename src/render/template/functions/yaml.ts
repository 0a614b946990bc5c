/**
 * YAML as helm's `toYaml` writes it (sigs.k8s.io/yaml over a go-yaml v2): keys sorted, block style, two spaces, lines
 * folded behind column 80.
 */

import { isList, isMap, Missing, showFloat, sortedKeys, type Value } from '../value.ts';
import { fold, foldQuoted, foldSingleQuoted } from './yaml-folding.ts';

/** What YAML 1.1 or 1.2 would read as another type than text. */
const NOT_TEXT =
  /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF|[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const NUMBER =
  /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[\d][\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.[\d_]+(?:[eE][-+]?\d+)?|\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?)$/;
const DATE =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?$/;
/** What cannot stand plain: indicators at the start, `: ` and ` #` inside, blanks at the ends. */
const NOT_PLAIN = /^(?:[-?:](?:\s|$)|[,[\]{}#&*!|>'"%@`]|---|\.\.\.)|:(?:\s|$)|\s#|^\s|\s$/;
const NOT_PRINTABLE = /[^\n\x20-\x7e\u0085\u00a0-\ud7ff\ue000-\ufffd]|\ufeff/u;
/** Behind a blank a line end would be lost in a block; a blank at the very end too. */
const NOT_BLOCK = / (?:\n|$)/;

/** Where a value is written. */
interface Spot {
  /** Of what is inside, or behind a fold. */
  readonly indent: string;
  /** Where the line stands already. */
  readonly column: number;
  /** Keys are not folded. */
  readonly isKey?: boolean;
}

/** A value as YAML, without the line end behind it. */
export function writeYaml(value: Value): string {
  if (isMap(value) && value.size > 0) return writeMap(value, '');
  if (isList(value) && value.length > 0) return writeList(value, '');
  return writeInline(value, { indent: '  ', column: 0 });
}

function writeMap(map: ReadonlyMap<string, Value>, indent: string): string {
  const inside = `${indent}  `;
  return sortedKeys(map)
    .map((name) => {
      const key = writeText(name, { indent: inside, column: indent.length, isKey: true });
      const value = map.get(name) ?? null;
      if (isMap(value) && value.size > 0) return `${indent}${key}:\n${writeMap(value, inside)}`;
      // A list in a map stands under its key, not inside.
      if (isList(value) && value.length > 0) return `${indent}${key}:\n${writeList(value, indent)}`;
      const column = indent.length + [...key].length + 2;
      return `${indent}${key}: ${writeInline(value, { indent: inside, column })}`;
    })
    .join('\n');
}

function writeList(list: readonly Value[], indent: string): string {
  const inside = `${indent}  `;
  return list
    .map((value) => {
      if (isMap(value) && value.size > 0) return `${indent}- ${writeMap(value, inside).slice(inside.length)}`;
      if (isList(value) && value.length > 0) return `${indent}- ${writeList(value, inside).slice(inside.length)}`;
      return `${indent}- ${writeInline(value, { indent: inside, column: inside.length })}`;
    })
    .join('\n');
}

function writeInline(value: Value, spot: Spot): string {
  if (value === null || value instanceof Missing) return 'null';
  if (typeof value === 'string') return writeText(value, spot);
  // What comes through JSON has no fraction if it needs none.
  if (typeof value === 'number') return Number.isSafeInteger(value) ? String(value) : showFloat(value);
  if (isList(value)) return '[]';
  return isMap(value) ? '{}' : String(value);
}

function writeText(text: string, spot: Spot): string {
  if (NOT_TEXT.test(text) || NUMBER.test(text) || DATE.test(text)) return `"${text}"`;
  const isLines = text.includes('\n');
  if (NOT_PRINTABLE.test(text) || (isLines && (NOT_BLOCK.test(text) || spot.isKey === true))) {
    return foldQuoted(escapeText(text), spot);
  }
  if (isLines) return writeLines(text, spot.indent);
  return NOT_PLAIN.test(text) ? foldSingleQuoted(text, spot) : fold(text, spot);
}

/** A literal block; how many line ends the text has at its end, the chomping indicator tells. */
function writeLines(text: string, indent: string): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomping = text.endsWith('\n') ? (text.endsWith('\n\n') || text === '\n' ? '+' : '') : '-';
  const body = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : indent + line));
  return `|${hint}${chomping}\n${body.join('\n')}`;
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '\\"'],
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
  ['\0', '\\0'],
  ['\x07', '\\a'],
  ['\b', '\\b'],
  ['\v', '\\v'],
  ['\f', '\\f'],
  ['\x1b', '\\e'],
  ['\u0085', '\\N'],
  ['\u00a0', '\\_'],
  ['\u2028', '\\L'],
  ['\u2029', '\\P'],
]);

/** The characters of a text in double quotes, escaped where they need it. */
function escapeText(text: string): readonly string[] {
  return Array.from(text, (char) => {
    const isPlain = /^[\x20-\x7e\u00a1-\u2027\u202a-\ud7ff\ue000-\ufffd]$/u.test(char) && char !== '\ufeff';
    if (isPlain && char !== '"' && char !== '\\') return char;
    const code = (char.codePointAt(0) ?? 0).toString(16).toUpperCase();
    const long = code.length <= 2 ? `\\x${code.padStart(2, '0')}` : `\\u${code.padStart(4, '0')}`;
    return ESCAPES.get(char) ?? (code.length > 4 ? `\\U${code.padStart(8, '0')}` : long);
  });
}
