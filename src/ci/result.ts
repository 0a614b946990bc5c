/** How an action ends: every problem as an annotation on its line, and the step red. */

import { setFailed } from '@actions/core';
import { describeError, problemsOf, toSealerError } from '../cli/index.ts';
import type { Problem } from '../error.ts';
import { annotationLine } from './annotations.ts';

/** Runs an action to its end; nothing is thrown. */
export async function runAction(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (thrown) {
    const error = toSealerError(thrown);
    if (error.code === 'INTERNAL') process.stdout.write(`${describeError(error)}\n`);
    const problems = problemsOf(error);
    annotate(problems.slice(0, -1));
    // The last one is the error itself. It makes the step fail, and without a place it needs no annotation of our own.
    const last = problems.at(-1);
    if (last?.at !== undefined) annotate([last]);
    setFailed(`${error.message} [${error.code}]${error.hint === undefined ? '' : `\n${error.hint}`}`);
  }
}

/** Writes annotations. */
export function annotate(problems: readonly Problem[]): void {
  for (const problem of problems) process.stdout.write(`${annotationLine(problem)}\n`);
}
