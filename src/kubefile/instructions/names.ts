/** What names may look like. */

import type { Word } from '../ast.ts';
import type { Escape } from '../lines/lexer.ts';
import { placeOf, type Span, textOf } from '../lines/span.ts';
import type { ProblemList } from '../problem-list.ts';
import { literalText } from '../words/word-grammar.ts';

/** The kinds of names, each with its rule. A rule that needs words is the hint. */
const RULES = {
  app: {
    pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/,
    hint: 'Use letters, digits, dots, dashes and underscores, at most 63: it becomes a folder and a part of labels.',
  },
  stage: {
    pattern: /^[a-z][a-z0-9._-]*$/,
    hint: 'Begin with a letter and go on with letters, digits, dots, dashes and underscores.',
  },
  variable: {
    pattern: /^[A-Za-z_][A-Za-z0-9_.-]*$/,
    hint: 'Begin with a letter or underscore and go on with letters, digits and underscores.',
  },
  label: { pattern: /^[^\s=]+$/, hint: 'A label has a name without blanks, like org.example.team.' },
} as const;

export type NameKind = keyof typeof RULES;

/** Reports BAD_NAME if a name breaks its rule. */
export function checkName(kind: NameKind, { text, at }: Word, problems: ProblemList): boolean {
  if (RULES[kind].pattern.test(text)) return true;
  const hint = text.includes(',') ? 'Separate names by blanks, not commas.' : RULES[kind].hint;
  problems.add('BAD_NAME', at, `"${shorten(text)}" cannot be the name of ${article(kind)}`, hint);
  return false;
}

/** A name as written on the line, quotes removed. Variables cannot be used in it. */
export function readName(kind: NameKind, span: Span, escapedBy: Escape, problems: ProblemList): string | undefined {
  const text = literalText(textOf(span), escapedBy) ?? textOf(span);
  return checkName(kind, { text, at: placeOf(span) }, problems) ? text : undefined;
}

/** Other people's text, cut to what a message can hold. */
export function shorten(text: string, length = 60): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

function article(kind: NameKind): string {
  return kind === 'app' ? 'an app' : `a ${kind}`;
}
