/**
 * Where rendered text comes from. Rendering leaves no trace in its output but the name of the template, so this looks for
 * what is there: the value itself, or the part of it that a template or a values file names.
 */

import type { Place } from '../../error.ts';
import { partsOf } from './reference-parts.ts';
import { keyOf, type Words, wordsOf } from './words.ts';

/** A file that rendering read. */
export interface SourceText {
  readonly place: string;
  readonly content: Buffer;
}

export interface Question {
  /** The line of the output, as it is. */
  readonly line: string;
  /** What stands in it. */
  readonly value: string;
  /** The file that the document comes from. */
  readonly template: SourceText;
  /** Files from which values come, those that win first. */
  readonly values: readonly SourceText[];
  /** How many lines before this one, of those that come from the same template, have this text, and how many have it at all. */
  readonly rank: (text: string) => { readonly before: number; readonly all: number };
}

export interface Locator {
  /** The file always; the line where it is sure. */
  locate(question: Question): Place;
}

/** A word without a slash, `nginx`, means an image only as the value of such a key. */
const NAMING_KEY = /image|repo|name/i;

/** Remembers what it read: a chart with thousands of documents asks for the same files again and again. */
export function createLocator(): Locator {
  const texts = new Map<string, IndexedText>();
  const indexOf = ({ place, content }: SourceText): IndexedText => {
    const known = texts.get(place);
    if (known !== undefined) return known;
    const index = { place, words: wordsOf(content.toString()) };
    texts.set(place, index);
    return index;
  };
  return {
    locate(question) {
      const template = indexOf(question.template);
      return (
        ofValue(question, template, question.values.map(indexOf)) ??
        ofKey(question, template) ?? { file: template.place }
      );
    },
  };
}

interface IndexedText {
  readonly place: string;
  readonly words: Words;
}

function ofValue(question: Question, template: IndexedText, values: readonly IndexedText[]): Place | undefined {
  const [whole = question.value, ...pieces] = partsOf(question.value);
  const literal = template.words.linesWith(whole);
  if (literal.length > 0) return { file: template.place, line: choose(literal, question.rank(whole)) };
  for (const part of [whole, ...pieces]) {
    for (const text of [template, ...values]) {
      const line = text.words.linesWith(part).find((each) => names(text.words.lines[each - 1] ?? '', part, question));
      if (line !== undefined) return { file: text.place, line };
    }
  }
  return undefined;
}

function names(line: string, part: string, question: Question): boolean {
  if (part.includes('/') || part.includes(':')) return true;
  const key = keyOf(line);
  return key !== undefined && (key === keyOf(question.line) || NAMING_KEY.test(key));
}

/** A key that stands once in the template, or as often as in what it renders to. */
function ofKey(question: Question, template: IndexedText): Place | undefined {
  const key = keyOf(question.line);
  if (key === undefined) return undefined;
  const lines = template.words.linesWith(`${key}:`);
  if (lines.length === 1 && lines[0] !== undefined) return { file: template.place, line: lines[0] };
  const { before, all } = question.rank(`${key}:`);
  const line = all === lines.length ? lines[before] : undefined;
  return line === undefined ? undefined : { file: template.place, line };
}

function choose(lines: readonly number[], { before, all }: { before: number; all: number }): number {
  return (all === lines.length ? lines[before] : undefined) ?? lines[0] ?? 1;
}
