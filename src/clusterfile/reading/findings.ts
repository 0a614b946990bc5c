/** Collects what is wrong with a Clusterfile. */

import type { ErrorCode, Place, Problem } from '../../error.ts';

export interface Findings {
  add(at: Place, message: string, hint?: string, code?: ErrorCode): void;
  /** The same for something that fails nothing. */
  warn(at: Place, message: string, hint?: string, code?: ErrorCode): void;
  /** No more problems are kept: what only serves them can be left out. */
  isFull(): boolean;
  /** In the order of the file. */
  sorted(): Problem[];
}

/** Nobody reads more, and a file with more mistakes is no Clusterfile. */
const MAX_PROBLEMS = 500;

export function createFindings(): Findings {
  const found: Problem[] = [];
  const seen = new Set<string>();
  let dropped = 0;
  const add = (severity: 'error' | 'warning', code: ErrorCode, at: Place, message: string, hint?: string): void => {
    // What an alias repeats is wrong in one place.
    const identity = `${at.line}:${at.column}:${message}`;
    if (seen.has(identity)) return;
    seen.add(identity);
    if (found.length >= MAX_PROBLEMS) dropped++;
    else found.push({ code, message, hint, at, severity });
  };
  return {
    add: (at, message, hint, code = 'CLUSTERFILE_INVALID') => add('error', code, at, message, hint),
    warn: (at, message, hint, code = 'CLUSTERFILE_INVALID') => add('warning', code, at, message, hint),
    isFull: () => found.length >= MAX_PROBLEMS,
    sorted: () => [...found].sort(byPlace).concat(droppedNote(found, dropped)),
  };
}

function byPlace(a: Problem, b: Problem): number {
  return (a.at?.line ?? 0) - (b.at?.line ?? 0) || (a.at?.column ?? 0) - (b.at?.column ?? 0);
}

function droppedNote(found: readonly Problem[], dropped: number): readonly Problem[] {
  const file = found[0]?.at?.file;
  if (dropped === 0 || file === undefined) return [];
  return [{ code: 'CLUSTERFILE_INVALID', message: `${dropped} more problems are not shown`, at: { file } }];
}
