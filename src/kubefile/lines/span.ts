/** Stretches of text that know where they stand in the file, however many physical lines they were joined from. */

import type { Place } from '../../error.ts';
import type { Word } from '../ast.ts';

/** An instruction's line after continuation lines are joined. */
export interface LogicalLine {
  readonly file: string;
  readonly text: string;
  /** Where each physical piece begins; sorted by offset, the first at 0. */
  readonly pieces: readonly Piece[];
}

export interface Piece {
  /** Index in the logical line's text. */
  readonly offset: number;
  /** Place of that character in the file, both from 1. */
  readonly line: number;
  readonly column: number;
}

/** Part of a logical line, `end` exclusive. */
export interface Span {
  readonly line: LogicalLine;
  readonly start: number;
  readonly end: number;
}

export function textOf({ line, start, end }: Span): string {
  return line.text.slice(start, end);
}

/** Place of the character `index` of a span (default: its first). */
export function placeOf({ line, start }: Span, index = 0): Place {
  const offset = start + index;
  let low = 0;
  let high = line.pieces.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((line.pieces[middle]?.offset ?? 0) <= offset) low = middle;
    else high = middle - 1;
  }
  const piece = line.pieces[low] ?? { offset: 0, line: 1, column: 1 };
  return { file: line.file, line: piece.line, column: piece.column + offset - piece.offset };
}

export function wordOf(span: Span): Word {
  return { text: textOf(span), at: placeOf(span) };
}

/** Part of a span; indexes count from its start. */
export function sliceSpan(span: Span, start: number, end: number = span.end - span.start): Span {
  return { line: span.line, start: span.start + start, end: Math.min(span.end, span.start + end) };
}

/** The span without blanks at both ends. */
export function trimSpan(span: Span): Span {
  const { text } = span.line;
  let { start, end } = span;
  while (start < end && isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return { line: span.line, start, end };
}

export function isBlank(character: string | undefined): boolean {
  return character !== undefined && /\s/.test(character);
}
