/** Errors as people and programs read them. */

import { formatPlace, isSystemError, type Problem, SealerError } from '../error.ts';
import { plainText } from './progress/text.ts';

const REPORT_TO = 'https://github.com/sealer/build/issues';

/**
 * Turns whatever was thrown into the error to report: what the signal says when it was aborted, well-known faults of the
 * system with their codes, and everything else as a bug of ours.
 */
export function toSealerError(thrown: unknown, signal?: AbortSignal): SealerError {
  if (signal?.aborted === true) {
    return new SealerError('INTERRUPTED', 'Interrupted', {
      hint: 'Run it again to go on where it stopped.',
      cause: thrown,
    });
  }
  if (thrown instanceof SealerError) return thrown;
  // A scope that fails while it is being closed wraps what went wrong first.
  if (thrown instanceof SuppressedError) return toSealerError(thrown.suppressed);
  if (isSystemError(thrown, 'ENOSPC', 'EDQUOT')) {
    return new SealerError('DISK_FULL', thrown.message, {
      hint: 'Free some space where it was written to; sealer prune empties the store of what no image needs.',
      cause: thrown,
    });
  }
  if (isSystemError(thrown, 'EACCES', 'EPERM', 'EROFS')) {
    return new SealerError('PERMISSION', thrown.message, { cause: thrown });
  }
  const message = thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  return new SealerError('INTERNAL', message, {
    hint: `This is a bug in sealer. Report it with the lines above: ${REPORT_TO}`,
    cause: thrown,
  });
}

/** The problems of an error, each on its own: those it lists, and itself unless it only sums them up. */
function problemsOf(error: SealerError): readonly Problem[] {
  const { code, message, hint, at, problems } = error;
  return [...problems, { code, message, hint, at }];
}

/** Lines for a terminal or log: `error[CODE]: message`, `  at file:line:column`, `  hint: …`. */
export function describeError(error: SealerError, options: { debug?: boolean } = {}): string {
  const lines = problemsOf(error).flatMap(describeProblem);
  const stack = error.code === 'INTERNAL' || options.debug === true ? stackOf(error) : [];
  // The stack stands above the message: the last lines are what people read and what logs keep.
  return [...stack, ...lines].join('\n');
}

/** One problem as lines. Warnings say so. */
export function describeProblem({ severity = 'error', code, message, at, hint }: Problem): readonly string[] {
  const [first = '', ...more] = message.split('\n').map(plainText);
  return [
    `${severity}[${code}]: ${first}`,
    ...more.map((line) => `  ${line}`),
    ...(at === undefined ? [] : [`  at ${plainText(formatPlace(at))}`]),
    ...(hint === undefined ? [] : [`  hint: ${plainText(hint)}`]),
  ];
}

/** An error as one JSON object. */
export function errorToJson(error: SealerError): object {
  const { code, message, hint, at, problems } = error;
  return { error: { code, message, hint, at, exitCode: error.exitCode, problems: problems.map(problemToJson) } };
}

/** A problem as a plain object; a place has its own fields. */
export function problemToJson({ severity = 'error', code, message, at, hint }: Problem): object {
  return { severity, code, message, at, hint };
}

function stackOf(error: SealerError): readonly string[] {
  const lines: string[] = [];
  for (let cause: unknown = error.cause ?? error; cause instanceof Error && lines.length < 60; cause = cause.cause) {
    lines.push(...(cause.stack ?? cause.message).split('\n').map(plainText));
  }
  return lines;
}
