/** Splitting a line at blanks that stand neither in quotes nor in `${…}`. Quotes and escapes stay in the words. */

import type { Escape } from '../lines/lexer.ts';
import { isBlank, type Span } from '../lines/span.ts';

export function splitWords(span: Span, escapedBy: Escape): readonly Span[] {
  const words: Span[] = [];
  let word = nextWord(span, escapedBy);
  while (word !== undefined) {
    words.push(word);
    word = nextWord({ ...span, start: word.end }, escapedBy);
  }
  return words;
}

/** The first word of a span. A quote or brace that is never closed takes the rest with it. */
export function nextWord(span: Span, escapedBy: Escape): Span | undefined {
  const { text } = span.line;
  let start = span.start;
  while (start < span.end && isBlank(text[start])) start++;
  if (start >= span.end) return undefined;
  let end = start;
  let braces = 0;
  while (end < span.end && (braces > 0 || !isBlank(text[end]))) {
    const character = text[end];
    if (character === escapedBy) end += 2;
    else if (character === "'" || character === '"') end = closingQuote(text, end, span.end, escapedBy) + 1;
    else if (character === '$' && text[end + 1] === '{') {
      braces++;
      end += 2;
    } else {
      if (character === '}' && braces > 0) braces--;
      end++;
    }
  }
  return { line: span.line, start, end: Math.min(end, span.end) };
}

/** Index of the quote that closes the one at `open`, or of the last character. Only double quotes know escapes. */
function closingQuote(text: string, open: number, end: number, escapedBy: Escape): number {
  const quote = text[open];
  let index = open + 1;
  while (index < end && text[index] !== quote) index += quote === '"' && text[index] === escapedBy ? 2 : 1;
  return Math.min(index, end - 1);
}
