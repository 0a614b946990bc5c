/**
 * Version constraints as Masterminds/semver reads them (the library behind Helm's and the Go sealer's): `>=1.28`,
 * `~1.28`, `^1.2`, `1.28.x`, `>=1.26, <1.30`, `1.26 - 1.28`, alternatives by `||`.
 */

/** What is wrong with a constraint; `index` is where in its text. */
export interface ConstraintFault {
  readonly index: number;
  readonly message: string;
}

const NUMBER = '(?:[0-9]+|[xX*])';
const SUFFIX = '(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?';
const VERSION = `v?${NUMBER}(?:\\.${NUMBER}){0,2}${SUFFIX}`;
const OPERATOR = '(?:!=|>=|=>|<=|=<|~>|[=<>~^])';
const COMPARISON = new RegExp(`(?:${VERSION}\\s+-\\s+${VERSION}|${OPERATOR}?\\s*${VERSION})(?=[\\s,|]|$)`, 'y');
const SEPARATOR = /\s*,\s*|\s+/y;

/** Checks the grammar of a constraint; nothing is wrong if nothing comes back. */
export function findConstraintFault(text: string): ConstraintFault | undefined {
  let offset = 0;
  for (const alternative of text.split('||')) {
    const fault = checkAlternative(alternative);
    if (fault !== undefined) return { ...fault, index: offset + fault.index };
    offset += alternative.length + '||'.length;
  }
  return undefined;
}

function checkAlternative(text: string): ConstraintFault | undefined {
  const end = text.trimEnd().length;
  let index = text.length - text.trimStart().length;
  if (index >= end) return { index: 0, message: 'a constraint is empty' };
  for (;;) {
    COMPARISON.lastIndex = index;
    const comparison = COMPARISON.exec(text)?.[0];
    if (comparison === undefined) {
      const word = /^[^\s,|]*/.exec(text.slice(index))?.[0] ?? '';
      return { index, message: word === '' ? 'a version is missing' : `"${word}" is not a version comparison` };
    }
    index += comparison.length;
    if (index >= end) return undefined;
    SEPARATOR.lastIndex = index;
    const separator = SEPARATOR.exec(text)?.[0];
    if (separator === undefined) return { index, message: 'a comma or blank is missing between two comparisons' };
    index += separator.length;
  }
}
