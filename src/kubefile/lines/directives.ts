/** Parser directives: `# escape=` and others, in the first lines of a file before anything else. */

import type { ProblemList } from '../problem-list.ts';
import { type Escape, type LineReader, openLines } from './lexer.ts';

/** `syntax` and `check` speak to BuildKit; they are known so that they do not end the directives. */
const KNOWN = new Set(['escape', 'syntax', 'check']);
const DIRECTIVE = /^\s*#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.*?)\s*$/;

/** Opens a file with its directives read: the reader stands behind them and knows the escape character. */
export function openKubefile(text: string, file: string, problems: ProblemList): LineReader {
  const reader = openLines(text, file);
  const seen = new Set<string>();
  for (; reader.next < reader.lines.length; reader.next++) {
    const line = reader.lines[reader.next] ?? '';
    const [, name, value] = DIRECTIVE.exec(line) ?? [];
    const directive = name?.toLowerCase();
    if (directive === undefined || value === undefined || !KNOWN.has(directive)) break;
    const at = { file, line: reader.next + 1, column: line.indexOf('#') + 1 };
    if (seen.has(directive)) {
      problems.add('BAD_DIRECTIVE', at, `the directive "${directive}" stands twice`, 'Keep one of them.');
    } else if (directive === 'escape') {
      if (isEscape(value)) reader.escape = value;
      else problems.add('BAD_DIRECTIVE', at, `"${value}" cannot be the escape character`, 'Write # escape=` or \\.');
    }
    seen.add(directive);
  }
  return reader;
}

function isEscape(value: string): value is Escape {
  return value === '\\' || value === '`';
}
