/** The how-manieth of its kind a line of output is. */

import type { RenderedDocument } from '../rendering.ts';

export type Rank = (
  source: string,
  line: number,
) => (text: string) => { readonly before: number; readonly all: number };

/**
 * Counts lines with a text among the documents of one source. What it counted it remembers, so that asking for each line
 * of a large output costs one pass for each text.
 */
export function createRank(lines: readonly string[], documents: readonly RenderedDocument[]): Rank {
  const counted = new Map<string, readonly number[]>();
  const find = (source: string, text: string): readonly number[] => {
    const key = `${source}\0${text}`;
    const known = counted.get(key);
    if (known !== undefined) return known;
    const found: number[] = [];
    for (const [i, document] of documents.entries()) {
      if (document.source !== source) continue;
      const end = documents[i + 1]?.line ?? lines.length + 1;
      for (let line = document.line; line < end; line += 1) if (lines[line - 1]?.includes(text)) found.push(line);
    }
    counted.set(key, found);
    return found;
  };
  return (source, line) => (text) => {
    const found = find(source, text);
    return { before: countBelow(found, line), all: found.length };
  };
}

/** How many of the ascending numbers are below the limit. */
function countBelow(numbers: readonly number[], limit: number): number {
  let low = 0;
  for (let high = numbers.length; low < high; ) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? 0) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
