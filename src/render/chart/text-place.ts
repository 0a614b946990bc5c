/** The line of a file in which a text stands. */

import type { Place } from '../../error.ts';
import type { ChartFile } from './chart-tree.ts';

/** The first line that has the text; only the file if none has. */
export function placeOfText({ content, place }: ChartFile, text: string): Place {
  const offset = text === '' ? -1 : content.indexOf(text);
  return offset < 0 ? { file: place } : { file: place, line: lineAt(content, offset) };
}

function lineAt(content: Buffer, offset: number): number {
  let line = 1;
  for (let at = content.indexOf(10); at >= 0 && at < offset; at = content.indexOf(10, at + 1)) line += 1;
  return line;
}
