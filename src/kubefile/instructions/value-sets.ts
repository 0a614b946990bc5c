/** `APP --values=base.yaml,prod.yaml --values=base.yaml,edge.yaml`: alternatives, each a list of files. */

import type { Word } from '../ast.ts';
import { type Span, sliceSpan, textOf } from '../lines/span.ts';
import { literalText } from '../words/word-grammar.ts';
import type { Flags } from './flags.ts';
import { shorten } from './names.ts';
import { type Statement, wordFrom } from './statement.ts';

/** Reads the sets of values files; reports BAD_FLAG for those that cannot be files of the context. */
export function readValueSets(statement: Statement, flags: Flags): readonly (readonly Word[])[] {
  return (flags.values.get('values') ?? []).map((span) => {
    const words = splitAtCommas(span).map((part) => wordFrom(statement, part));
    for (const word of words) checkFile(statement, word);
    return words;
  });
}

/** Where quotes hold a comma, the name has one. */
function splitAtCommas(span: Span): readonly Span[] {
  const text = textOf(span);
  const parts: Span[] = [];
  let start = 0;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i] ?? '';
    if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (character === ',') {
      parts.push(sliceSpan(span, start, i));
      start = i + 1;
    }
  }
  return [...parts, sliceSpan(span, start)];
}

function checkFile({ kind, escape: escapedBy, problems }: Statement, { text, at }: Word): void {
  const name = literalText(text, escapedBy);
  if (name === undefined) return;
  const hint = 'Write files of the context, one after the other: --values=base.yaml,production.yaml.';
  if (name === '') problems.add('BAD_FLAG', at, `--values of ${kind} names an empty file`, hint);
  else if (/^[a-z][a-z0-9+.-]*:\/\//i.test(name)) {
    problems.add('BAD_FLAG', at, `--values of ${kind} takes no address: ${shorten(name)}`, hint);
  }
}
