/**
 * From text to logical lines: comments and blank lines left out, continuation lines joined, byte order mark and CRLF
 * taken away. The rules are those of Docker's parser.
 */

import type { Kubefile } from '../ast.ts';
import type { LogicalLine, Piece } from './span.ts';

export type Escape = Kubefile['escape'];

/** Reads a file line by line; `next` moves on. */
export interface LineReader {
  readonly file: string;
  /** Physical lines without their ends. */
  readonly lines: readonly string[];
  /** Index of the line to be read next. */
  next: number;
  escape: Escape;
}

export function openLines(text: string, file: string): LineReader {
  const lines = text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
  return { file, lines, next: 0, escape: '\\' };
}

/** The next logical line that says something, or nothing at the end of the file. */
export function readLogicalLine(reader: LineReader): LogicalLine | undefined {
  while (reader.next < reader.lines.length) {
    const line = reader.lines[reader.next] ?? '';
    if (isComment(line) || line.trim() === '') {
      reader.next++;
      continue;
    }
    const joined = joinContinuations(reader);
    if (joined.text.trim() !== '') return joined;
  }
  return undefined;
}

function isComment(line: string): boolean {
  return line.trimStart().startsWith('#');
}

/** Comments and blank lines between continuation lines are skipped, as Docker does it. */
function joinContinuations(reader: LineReader): LogicalLine {
  const pieces: Piece[] = [];
  const texts: string[] = [];
  let offset = 0;
  let goesOn = true;
  for (; goesOn && reader.next < reader.lines.length; reader.next++) {
    const line = reader.lines[reader.next] ?? '';
    if (pieces.length > 0 && (isComment(line) || line.trim() === '')) continue;
    const indent = pieces.length === 0 ? line.length - line.trimStart().length : 0;
    const end = continuationAt(line, reader.escape);
    goesOn = end !== undefined;
    const text = line.slice(indent, end);
    pieces.push({ offset, line: reader.next + 1, column: indent + 1 });
    texts.push(text);
    offset += text.length;
  }
  return { file: reader.file, text: texts.join(''), pieces };
}

/** Index of the escape character that ends a line which goes on; a doubled one (`\\`) is a character, not an end. */
function continuationAt(line: string, escapedBy: Escape): number | undefined {
  let last = line.length - 1;
  while (last >= 0 && (line[last] === ' ' || line[last] === '\t')) last--;
  return line[last] === escapedBy && line[last - 1] !== escapedBy ? last : undefined;
}
