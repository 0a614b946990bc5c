/** Collects what is wrong with a Kubefile. */

import type { ErrorCode, Place, Problem } from '../error.ts';

export interface ProblemList {
  /** `hint` may be a function where it costs something to find. */
  add(code: ErrorCode, at: Place, message: string, hint?: Hint): void;
  /** The same for something that fails nothing. */
  warn(code: ErrorCode, at: Place, message: string, hint?: Hint): void;
  /** No more problems are kept: what only serves a report can be left out. */
  isFull(): boolean;
  /** Everything found, in the order of the file. */
  sorted(): readonly Problem[];
}

export type Hint = string | undefined | (() => string | undefined);

/**
 * A file that is no Kubefile at all has a problem on each of its lines; nobody reads so many, and finding the nearest
 * name for each would take time that grows with the square of the file.
 */
const MAX_PROBLEMS = 500;

export function createProblemList(): ProblemList {
  const found: Problem[] = [];
  let dropped = 0;
  const add = (severity: 'error' | 'warning', code: ErrorCode, at: Place, message: string, hint: Hint): void => {
    if (found.length >= MAX_PROBLEMS) {
      dropped++;
      return;
    }
    found.push({ code, message, hint: typeof hint === 'function' ? hint() : hint, at, severity });
  };
  return {
    add: (code, at, message, hint) => add('error', code, at, message, hint),
    warn: (code, at, message, hint) => add('warning', code, at, message, hint),
    isFull: () => found.length >= MAX_PROBLEMS,
    sorted: () => [...sortProblems(found), ...droppedNote(found, dropped)],
  };
}

/** In the order of the file; problems without a place first. */
export function sortProblems(problems: readonly Problem[]): readonly Problem[] {
  return [...problems].sort(
    (a, b) => (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0),
  );
}

function droppedNote(found: readonly Problem[], dropped: number): readonly Problem[] {
  const file = found[0]?.at?.file;
  if (dropped === 0 || file === undefined) return [];
  const message = `${dropped} more problems are not shown`;
  return [{ code: 'KUBEFILE_INVALID', message, hint: 'Is this file a Kubefile?', at: { file }, severity: 'error' }];
}
