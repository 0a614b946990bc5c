/** Lists of strings as JSON, `["a", "b"]`: read by hand so that a mistake is told by its place and its cure. */

import type { Word } from '../ast.ts';
import { placeOf, type Span, sliceSpan, textOf } from '../lines/span.ts';
import type { ProblemList } from '../problem-list.ts';

/** Whether a text begins like a list. */
export function looksLikeJson(span: Span): boolean {
  return span.line.text[span.start] === '[';
}

/**
 * Whether a list was meant where a shell line may stand as well: `[ -f x ] && y` and `[ "$x" = y ]` are commands. A
 * list has its first quote (of either kind) right behind the bracket, or a comma behind its first string.
 */
export function isMeantAsJson(span: Span): boolean {
  const text = textOf(span);
  return /^\[(?:\s*\]\s*$|["'“‘]|\s+"(?:[^"\\]|\\.)*"\s*(?:,|\]\s*$))/.test(text);
}

/**
 * Reads a list of strings, each with its place.
 * @returns nothing if it is malformed, which is reported as BAD_JSON
 */
export function readJsonList(span: Span, problems: ProblemList): readonly Word[] | undefined {
  const scanner: Scanner = { text: textOf(span), index: 0 };
  const result = scanList(scanner);
  if (Array.isArray(result)) {
    return result.map(({ start, end, text }) => ({ text, at: placeOf(sliceSpan(span, start, end)) }));
  }
  problems.add('BAD_JSON', placeOf(span, result.index), result.message, result.hint);
  return undefined;
}

interface Scanner {
  readonly text: string;
  index: number;
}

interface JsonString {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

interface Fault {
  readonly index: number;
  readonly message: string;
  readonly hint: string;
}

const STRING = /"(?:[^"\\]|\\.)*"/y;
const EXAMPLE = 'Write a JSON list of strings: ["first", "second"].';

function scanList(scanner: Scanner): JsonString[] | Fault {
  const items: JsonString[] = [];
  scanner.index++;
  skipBlanks(scanner);
  if (scanner.text[scanner.index] === ']') return atEnd(scanner, items);
  for (;;) {
    const item = scanString(scanner);
    if ('message' in item) return item;
    items.push(item);
    skipBlanks(scanner);
    const separator = scanner.text[scanner.index];
    if (separator === ']') return atEnd(scanner, items);
    if (separator === undefined) return fault(scanner, 'the list has no closing bracket', 'Add ] at the end.');
    if (separator !== ',')
      return fault(scanner, 'a comma is missing in the list', `Put a comma before this. ${EXAMPLE}`);
    scanner.index++;
    skipBlanks(scanner);
    if (scanner.text[scanner.index] === ']')
      return fault(scanner, 'a comma stands before "]"', 'Remove the last comma.');
  }
}

function atEnd(scanner: Scanner, items: JsonString[]): JsonString[] | Fault {
  scanner.index++;
  skipBlanks(scanner);
  if (scanner.index === scanner.text.length) return items;
  return fault(scanner, 'there is more text behind the list', 'Remove what stands behind ].');
}

function scanString(scanner: Scanner): JsonString | Fault {
  const start = scanner.index;
  const character = scanner.text[start];
  if (character === undefined) return fault(scanner, 'the list has no closing bracket', 'Add ] at the end.');
  if (character === "'") return fault(scanner, 'JSON strings stand in double quotes', `Write " instead of '.`);
  if (/[“”‘’„]/.test(character)) {
    return fault(scanner, 'JSON strings stand in straight double quotes', `Write " instead of ${character}.`);
  }
  if (character !== '"') return fault(scanner, 'the list holds something that is not a string', EXAMPLE);
  STRING.lastIndex = start;
  const literal = STRING.exec(scanner.text)?.[0];
  if (literal === undefined) return fault(scanner, 'a string in the list is never closed', 'Add " at its end.');
  scanner.index += literal.length;
  try {
    return { start, end: scanner.index, text: String(JSON.parse(literal)) };
  } catch {
    const message = 'a string in the list has an escape that JSON does not know';
    return { index: start, message, hint: 'Known are \\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; a backslash is \\\\.' };
  }
}

function skipBlanks(scanner: Scanner): void {
  while (/\s/.test(scanner.text[scanner.index] ?? '')) scanner.index++;
}

function fault(scanner: Scanner, message: string, hint: string): Fault {
  return { index: scanner.index, message, hint };
}
