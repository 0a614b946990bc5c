/** How an action ends: every problem as an annotation on its line and in the summary, and the step red. */

import { debug, getInput, setFailed, summary } from '@actions/core';
import { annotationLine, describeError, toSealerError } from '../cli/index.ts';
import type { Problem, SealerError } from '../error.ts';
import { withoutCommands } from './groups.ts';
import { failureSummary } from './summary/index.ts';

/** How long open handles may hold the process once the work is over, in milliseconds. */
const LINGER_MS = 500;

/**
 * Runs an action to its end; nothing is thrown.
 * @param main is given a signal, which is aborted when the runner cancels the job
 */
export async function runAction(main: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const cancellation = new AbortController();
  // A cancelled job gets SIGINT, some seconds later SIGTERM, and then it is killed (docs.github.com, cancelling).
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => cancellation.abort());
  try {
    await main(cancellation.signal);
  } catch (thrown) {
    const error = toSealerError(thrown, cancellation.signal);
    if (error.code === 'INTERNAL') process.stdout.write(`${withoutCommands(describeError(error))}\n`);
    annotate(error.problems.length === 0 && error.at !== undefined ? [error] : error.problems);
    const told = `${error.message} [${error.code}]`;
    // An error that stands on its line already is not to stand beside it a second time.
    if (error.problems.length === 0 && error.at !== undefined) process.stdout.write(`${withoutCommands(told)}\n`);
    else setFailed(error.hint === undefined ? told : `${told}\n${error.hint}`);
    process.exitCode = 1;
    // Who cancels a job knows why it ended.
    if (!cancellation.signal.aborted) await summarize(error, process.env);
  } finally {
    setTimeout(() => process.exit(), LINGER_MS).unref();
  }
}

/** All actions have the input; what is no boolean may be what failed. */
async function summarize(error: SealerError, env: NodeJS.ProcessEnv): Promise<void> {
  if (!env.GITHUB_STEP_SUMMARY || getInput('summary').toLowerCase() === 'false') return;
  try {
    await summary.emptyBuffer().addRaw(failureSummary(error)).write();
  } catch (thrown) {
    // The failure itself is told already.
    debug(`no summary: ${String(thrown)}`);
  }
}

/** Writes annotations. */
export function annotate(problems: readonly Problem[]): void {
  for (const problem of problems) process.stdout.write(`${annotationLine(problem)}\n`);
}
