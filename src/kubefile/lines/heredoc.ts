/** Inline files: `<<EOF`, `<<-EOF` (leading tabs removed), `<<"EOF"` (variables stay as they are). */

import type { Heredoc } from '../ast.ts';
import type { ProblemList } from '../problem-list.ts';
import type { LineReader } from './lexer.ts';
import { placeOf, type Span, textOf } from './span.ts';

/** A heredoc with what is needed to hand it to a shell. */
export interface InlineFile {
  readonly heredoc: Heredoc;
  /** The word that holds `<<NAME`. */
  readonly word: Span;
  /** Line of the file where the content begins, from 1. */
  readonly firstLine: number;
  /** The word is `<<NAME` alone. */
  readonly isWholeWord: boolean;
  /** Content and closing line as they were written, tabs included; ends without a line feed. */
  readonly raw: string;
}

/** `1<<2` and `<<<` are no heredocs: a name begins with a letter and follows at once. */
const MARK = /^[0-9]*<<(-?)(?:"([^"\s]+)"|'([^'\s]+)'|([A-Za-z_][A-Za-z0-9_.-]*))/;

/** Reads the inline files that the words of an instruction announce; the reader stands behind its logical line. */
export function readHeredocs(reader: LineReader, words: readonly Span[], problems: ProblemList): readonly InlineFile[] {
  return words.flatMap((word) => {
    const match = MARK.exec(textOf(word));
    return match === null ? [] : [readHeredoc(reader, word, match, problems)];
  });
}

function readHeredoc(reader: LineReader, word: Span, match: RegExpExecArray, problems: ProblemList): InlineFile {
  const [mark, dash, doubleQuoted, singleQuoted, plain] = match;
  const name = doubleQuoted ?? singleQuoted ?? plain ?? '';
  const stripTabs = dash === '-';
  const start = reader.next;
  const strip = (line: string): string => (stripTabs ? line.replace(/^\t+/, '') : line);
  let end = start;
  while (end < reader.lines.length && strip(reader.lines[end] ?? '') !== name) end++;
  if (end === reader.lines.length) end = reportMissingEnd(reader, start, word, name, problems);
  reader.next = Math.min(end + 1, reader.lines.length);
  const body = reader.lines.slice(start, end);
  return {
    heredoc: {
      name,
      expand: plain !== undefined,
      content: body.map((line) => `${strip(line)}\n`).join(''),
      at: placeOf(word),
    },
    word,
    firstLine: start + 1,
    isWholeWord: mark.length === word.end - word.start,
    raw: [...body, name].join('\n'),
  };
}

/** Where the content was meant to end, so that the rest of the file can be read all the same. */
function reportMissingEnd(reader: LineReader, start: number, word: Span, name: string, problems: ProblemList): number {
  let nearly = start;
  while (nearly < reader.lines.length && reader.lines[nearly]?.trim() !== name) nearly++;
  const hint =
    nearly < reader.lines.length
      ? `Line ${nearly + 1} looks like it: nothing may stand before or behind the name (<<-${name} allows tabs before it).`
      : `End it with a line that is ${name} and nothing else.`;
  problems.add('BAD_HEREDOC', placeOf(word), `the heredoc <<${name} has no end`, hint);
  return nearly;
}
