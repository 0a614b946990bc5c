/** `.tmpl` files: Go templates over the declared environment. */

import { documentAt } from '../chart/documents.ts';
import type { Rendered } from '../rendering.ts';
import { evaluateTemplate } from './evaluate.ts';
import { FUNCTIONS } from './functions/functions.ts';
import { parseTemplate } from './parser.ts';
import type { Value } from './value.ts';

const NAMES: ReadonlySet<string> = new Set(FUNCTIONS.keys());

/**
 * Renders a template as Go's text/template does, with two exceptions: a variable that is not set, and is neither tested
 * nor given a default, is an error (Go writes `<no value>`); and a function that cannot do its work fails.
 * @param file how to name it in places
 * @param env what `.` has: one text for each name
 * @throws SealerError TEMPLATE_INVALID with line and column
 */
export function renderTemplate(text: string, file: string, env: Readonly<Record<string, string>>): Rendered {
  const tree = parseTemplate(text, file, NAMES);
  const rendered = evaluateTemplate(tree, new Map<string, Value>(Object.entries(env)), FUNCTIONS);
  const lines = rendered.text.split('\n');
  const documents = [
    { line: 1, source: file },
    ...lines.flatMap((line, i) => (/^---(?:\s|$)/.test(line) ? [{ line: i + 2, source: file }] : [])),
  ];
  return {
    text: rendered.text,
    documents,
    place(line) {
      const source = rendered.sources[line - 1] ?? 0;
      return { file: documentAt(documents, line)?.source ?? file, ...(source > 0 && { line: source }) };
    },
  };
}
