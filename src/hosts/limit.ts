/** The same work on many hosts. */

import { type Problem, SealerError } from '../error.ts';
import { inParallel } from '../parallel.ts';
import type { Host } from './host.ts';

export interface ForEachHostOptions {
  /** Hosts in flight. Default: 32. */
  readonly limit?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_LIMIT = 32;

/**
 * Works on all hosts, a limited number at a time. Those that fail do not keep the others from being finished.
 * @returns the results in the order of the hosts
 * @throws the error of the one host that failed; or one SealerError that lists all of them as problems, with their common
 *   code or STEP_FAILED; the signal's reason; what is no SealerError, as it is
 */
export async function forEachHost<Each extends Pick<Host, 'label'>, Result>(
  hosts: readonly Each[],
  work: (host: Each, index: number) => Promise<Result>,
  { limit = DEFAULT_LIMIT, signal }: ForEachHostOptions = {},
): Promise<Result[]> {
  const failures: { readonly label: string; readonly error: unknown }[] = [];
  const results = await inParallel(
    hosts.map((host, index) => ({ host, index })),
    limit,
    async ({ host, index }): Promise<{ readonly value: Result } | undefined> => {
      if (signal?.aborted) return undefined;
      try {
        return { value: await work(host, index) };
      } catch (error) {
        failures.push({ label: host.label, error });
        return undefined;
      }
    },
  );
  signal?.throwIfAborted();
  if (failures.length > 0) throw joinFailures(failures, hosts.length);
  return results.flatMap((result) => (result === undefined ? [] : [result.value]));
}

function joinFailures(failures: readonly { label: string; error: unknown }[], count: number): unknown {
  const bug = failures.find(({ error }) => !(error instanceof SealerError));
  if (bug !== undefined) return bug.error;
  if (failures.length === 1) return failures[0]?.error;
  const errors = failures.flatMap(({ error }) => (error instanceof SealerError ? [error] : []));
  const [first] = errors;
  const code = first !== undefined && errors.every((error) => error.code === first.code) ? first.code : 'STEP_FAILED';
  const problems = errors.flatMap((error): readonly Problem[] =>
    error.problems.length > 0 ? error.problems : [problemOf(error)],
  );
  const names = failures.map(({ label }) => label).join(', ');
  return new SealerError(code, `${failures.length} of ${count} hosts failed: ${names}`, {
    problems,
    hint: errors.every((error) => error.hint === first?.hint) ? first?.hint : undefined,
    cause: first,
  });
}

function problemOf({ code, message, hint, at }: SealerError): Problem {
  return { code, message, hint, at };
}
