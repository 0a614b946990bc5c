/** A tool that is not there stops every chart in the same way: people want to hear of it once. */

import type { ErrorCode, Problem } from '../error.ts';

const MISSING_TOOLS: ReadonlySet<ErrorCode> = new Set(['HELM_NOT_FOUND', 'KUBECTL_NOT_FOUND']);

/** How many files are listed; the others are counted. */
const MOST_FILES = 5;

/** Makes one problem of all that are about the same tool, at the first place, with the files that need it. */
export function joinMissingTools(problems: readonly Problem[]): Problem[] {
  const joined = new Map<string, { readonly first: Problem; readonly files: Set<string> }>();
  return problems
    .flatMap((problem) => {
      if (!MISSING_TOOLS.has(problem.code)) return [{ first: problem, files: new Set<string>() }];
      const key = `${problem.code} ${problem.message}`;
      const known = joined.get(key);
      const { files } = known ?? { files: new Set<string>() };
      if (problem.at !== undefined) files.add(problem.at.file);
      if (known !== undefined) return [];
      const entry = { first: problem, files };
      joined.set(key, entry);
      return [entry];
    })
    .map(({ first, files }) => ({ ...first, message: `${first.message}${neededBy([...files])}` }));
}

function neededBy(files: readonly string[]): string {
  if (files.length < 2) return '';
  const more = files.length > MOST_FILES ? ` and ${files.length - MOST_FILES} more` : '';
  return `, and ${files.length} files need it: ${files.slice(0, MOST_FILES).join(', ')}${more}`;
}
