/** One instruction on its way from a logical line to the AST, and the steps that most instructions share. */

import type { Place } from '../../error.ts';
import type { Heredoc, Word } from '../ast.ts';
import type { InlineFile } from '../lines/heredoc.ts';
import type { Escape } from '../lines/lexer.ts';
import { placeOf, type Span, wordOf } from '../lines/span.ts';
import type { ProblemList } from '../problem-list.ts';
import { parseWord, WordFault, type WordMode } from '../words/word-grammar.ts';
import { splitWords } from '../words/words.ts';
import { looksLikeJson, readJsonList } from './json-form.ts';
import type { Keyword } from './keywords.ts';

export interface Statement<Kind extends Keyword = Keyword> {
  readonly kind: Kind;
  /** Where the keyword stands. */
  readonly at: Place;
  /** The whole logical line. */
  readonly text: string;
  /** What stands behind the keyword, without blanks at its ends. */
  readonly rest: Span;
  readonly escape: Escape;
  readonly heredocs: readonly InlineFile[];
  readonly problems: ProblemList;
}

/** The fields that every node of the AST has. */
export function nodeOf<Kind extends Keyword>({
  kind,
  at,
  text,
}: Statement<Kind>): { kind: Kind; at: Place; text: string } {
  return { kind, at, text };
}

/** Reports BAD_ARGUMENTS with the form that the instruction has. */
export function badArguments({ kind, at, problems }: Statement, message: string, form: string): undefined {
  problems.add('BAD_ARGUMENTS', at, `${kind} ${message}`, `Write ${form}.`);
  return undefined;
}

/** Arguments as words on the line or as a JSON list; nothing if the list is malformed, which is reported. */
export function readArguments(statement: Statement, rest: Span): readonly Word[] | undefined {
  if (looksLikeJson(rest)) return readJsonList(rest, statement.problems)?.map((word) => checkWord(statement, word));
  return splitWords(rest, statement.escape).map((span) => wordFrom(statement, span));
}

/** A word of the line, with malformed quotes and variables reported, so that a build does not find them halfway. */
export function wordFrom(statement: Statement, span: Span): Word {
  return checkWord(statement, wordOf(span), (fault) => placeOf(span, fault.index));
}

/** The same for a word whose characters do not stand in the file one by one, as in a JSON string. */
export function checkWord(
  { escape: escapedBy, problems }: Statement,
  word: Word,
  place = (_: WordFault) => word.at,
): Word {
  reportFault(word.text, escapedBy, 'word', problems, place);
  return word;
}

/** The same for the content of a heredoc. */
export function checkHeredoc({ escape: escapedBy, problems }: Statement, heredoc: Heredoc, firstLine: number): Heredoc {
  if (!heredoc.expand) return heredoc;
  reportFault(heredoc.content, escapedBy, 'heredoc', problems, (fault) => {
    const before = heredoc.content.slice(0, fault.index).split('\n');
    return { ...heredoc.at, line: firstLine + before.length - 1, column: (before.at(-1)?.length ?? 0) + 1 };
  });
  return heredoc;
}

function reportFault(
  text: string,
  escapedBy: Escape,
  mode: WordMode,
  problems: ProblemList,
  place: (fault: WordFault) => Place,
): void {
  try {
    parseWord(text, escapedBy, mode);
  } catch (error) {
    if (!(error instanceof WordFault)) throw error;
    problems.add(error.code, place(error), error.message, error.hint);
  }
}
