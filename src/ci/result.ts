/** How an action ends: every problem as an annotation on its line, and the step red. */

import { setFailed } from '@actions/core';
import { describeError, toSealerError } from '../cli/index.ts';
import type { Problem } from '../error.ts';
import { annotationLine } from './annotations.ts';

/** Runs an action to its end; nothing is thrown. */
export async function runAction(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (thrown) {
    const error = toSealerError(thrown);
    if (error.code === 'INTERNAL') process.stdout.write(`${describeError(error)}\n`);
    annotate(error.problems.length === 0 && error.at !== undefined ? [error] : error.problems);
    const summary = `${error.message} [${error.code}]`;
    // An error that stands on its line already is not to stand beside it a second time.
    if (error.problems.length === 0 && error.at !== undefined) process.stdout.write(`${summary}\n`);
    else setFailed(error.hint === undefined ? summary : `${summary}\n${error.hint}`);
    process.exitCode = 1;
  }
}

/** Writes annotations. */
export function annotate(problems: readonly Problem[]): void {
  for (const problem of problems) process.stdout.write(`${annotationLine(problem)}\n`);
}
