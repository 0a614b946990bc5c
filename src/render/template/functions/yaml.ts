/** YAML as helm's `toYaml` writes it (sigs.k8s.io/yaml, a go-yaml v2): keys sorted, block style, two spaces. */

import { quote } from '../unquote.ts';
import { isList, isMap, Missing, show, sortedKeys, type Value } from '../value.ts';

/** What YAML 1.1 or 1.2 would read as another type than text. */
const NOT_TEXT =
  /^(?:|~|null|Null|NULL|true|True|TRUE|false|False|FALSE|y|Y|yes|Yes|YES|on|On|ON|n|N|no|No|NO|off|Off|OFF|<<|=|[+-]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const NUMBER =
  /^[-+]?(?:0b[01_]+|0x[0-9a-fA-F_]+|0o?[0-7_]+|[\d][\d_]*(?:\.[\d_]*)?(?:[eE][-+]?\d+)?|\.[\d_]+(?:[eE][-+]?\d+)?|\d[\d_]*(?::[0-5]?\d)+(?:\.\d*)?)$/;
const DATE =
  /^\d{4}-\d{1,2}-\d{1,2}(?:(?:[Tt]|[ \t]+)\d{1,2}:\d{2}:\d{2}(?:\.\d*)?(?:[ \t]*(?:Z|[-+]\d{1,2}(?::?\d{2})?))?)?$/;
/** What cannot stand plain: indicators at the start, `: ` and ` #` inside, blanks at the ends. */
const NOT_PLAIN = /^(?:[-?:](?:\s|$)|[,[\]{}#&*!|>'"%@`]|---|\.\.\.)|:(?:\s|$)|\s#|^\s|\s$/;
const NOT_PRINTABLE = /[^\n\x20-\x7e\u0085\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|\ufeff/u;

/** A value as YAML, without the line end behind it. */
export function writeYaml(value: Value): string {
  return writeNode(value, '').replace(/^\n/, '').replace(/^ /, '');
}

/** What stands behind `key:` or `-`: ` text`, or a line end and a block. */
function writeNode(value: Value, indent: string): string {
  if (isMap(value)) return value.size === 0 ? ' {}' : `\n${writeMap(value, indent)}`;
  if (isList(value)) return value.length === 0 ? ' []' : `\n${writeList(value, indent)}`;
  return ` ${writeScalar(value, indent)}`;
}

function writeMap(map: ReadonlyMap<string, Value>, indent: string): string {
  return sortedKeys(map)
    .map((key) => {
      const value = map.get(key) ?? null;
      // A list in a map stands under its key, not inside.
      return `${indent}${writeKey(key)}:${writeNode(value, isList(value) ? indent : `${indent}  `)}`;
    })
    .join('\n');
}

function writeList(list: readonly Value[], indent: string): string {
  return list
    .map((value) => {
      const inner = writeNode(value, `${indent}  `);
      return `${indent}-${inner.startsWith('\n') ? ` ${inner.slice(1).trimStart()}` : inner}`;
    })
    .join('\n');
}

function writeKey(key: string): string {
  return key.includes('\n') ? quote(key) : writeText(key, '');
}

function writeScalar(value: Value, indent: string): string {
  if (value === null || value instanceof Missing) return 'null';
  return typeof value === 'string' ? writeText(value, indent) : show(value);
}

function writeText(text: string, indent: string): string {
  if (NOT_TEXT.test(text) || NUMBER.test(text) || DATE.test(text)) return `"${text}"`;
  if (NOT_PRINTABLE.test(text)) return quoteYaml(text);
  if (text.includes('\n')) return writeLines(text, indent);
  return NOT_PLAIN.test(text) ? `'${text.replaceAll("'", "''")}'` : text;
}

/** A literal block; how many line ends the text has at its end, the chomping indicator tells. */
function writeLines(text: string, indent: string): string {
  const inner = indent === '' ? '  ' : indent;
  const hint = /^[\s]/.test(text) ? '2' : '';
  const chomping = text.endsWith('\n') ? (text.endsWith('\n\n') || text === '\n' ? '+' : '') : '-';
  const body = text
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line === '' ? '' : inner + line));
  return `|${hint}${chomping}\n${body.join('\n')}`;
}

function quoteYaml(text: string): string {
  const escaped = text.replaceAll(
    /["\\]|[^\x20-\x7e\u00a0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]|\ufeff/gu,
    (char) => {
      const code = char.codePointAt(0) ?? 0;
      const simple = new Map([
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
      ]).get(char);
      return (
        simple ??
        (code <= 0xff
          ? `\\x${code.toString(16).toUpperCase().padStart(2, '0')}`
          : `\\u${code.toString(16).toUpperCase().padStart(4, '0')}`)
      );
    },
  );
  return `"${escaped}"`;
}
