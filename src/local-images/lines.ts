/** Lists of one entry per line, with `#` comments. */

import type { Place } from '../error.ts';

export interface ListLine {
  /** Without comment and blanks at its ends; never empty. */
  readonly text: string;
  readonly at: Place;
}

/** The entries of a list with their places. */
export function linesOf(text: string, file: string): readonly ListLine[] {
  return text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .flatMap((line, i) => {
      const entry = line.replace(/(^|\s)#.*$/, '').trim();
      return entry === '' ? [] : [{ text: entry, at: { file, line: i + 1, column: line.indexOf(entry) + 1 } }];
    });
}
