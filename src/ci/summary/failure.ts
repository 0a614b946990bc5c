/** The summary of an action that failed: what happened, where, and what to do. */

import { formatPlace, type Problem, type SealerError } from '../../error.ts';
import { code, cut, escapeHtml, table } from './html.ts';
import { fitParts } from './room.ts';

/** Characters of a message: what a command said at its end is in it; the log has all of it. */
const MAX_MESSAGE = 2000;
/** Of one that stands in a list. */
const MAX_PROBLEM = 500;

/** The summary of an error, with all the problems that it lists. */
export function failureSummary(error: SealerError): string {
  const { problems } = error;
  const rows = problems.map((problem) => [
    code(problem.code),
    lines(problem.message, MAX_PROBLEM),
    place(problem),
    hint(problem),
  ]);
  const where = place(error);
  return fitParts([
    { text: `<h3>Failed: ${code(error.code)}</h3>` },
    { text: `<p>${lines(error.message, MAX_MESSAGE)}</p>` },
    { text: where === '' ? '' : `<p>At ${where}</p>` },
    { text: error.hint === undefined ? '' : `<p>${hint(error)}</p>` },
    { text: rows.length === 0 ? '' : table(['Code', 'Problem', 'Where', 'What to do'], rows), optional: true },
  ]);
}

function place({ at }: Pick<Problem, 'at'>): string {
  return at === undefined ? '' : code(formatPlace(at));
}

function hint(problem: Pick<Problem, 'hint'>): string {
  return lines(problem.hint ?? '', MAX_PROBLEM);
}

/** No blank line may come in: Markdown would start again behind it. */
function lines(text: string, length: number): string {
  const all = cut(text.trim(), length).split('\n');
  return all
    .map((line) => escapeHtml(line).trim())
    .filter((line) => line !== '')
    .join('<br>');
}
