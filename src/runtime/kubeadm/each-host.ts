/** Doing the same on many hosts. */

import { type Problem, SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';

/**
 * Runs work on all hosts, at most `limit` at once. One that fails does not stop the others; what failed is told at the end.
 * @throws SealerError: the error itself if one host failed, STEP_FAILED with all of them if several did
 */
export async function eachHost<T extends Pick<Host, 'address'>>(
  hosts: readonly T[],
  work: (host: T) => Promise<void>,
  { limit, signal }: { readonly limit: number; readonly signal: AbortSignal },
): Promise<void> {
  const failures: { readonly host: T; readonly error: unknown }[] = [];
  const waiting = [...hosts];
  const worker = async (): Promise<void> => {
    for (let host = waiting.shift(); host !== undefined; host = waiting.shift()) {
      const current = host;
      signal.throwIfAborted();
      await work(current).catch((error: unknown) => failures.push({ host: current, error }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, hosts.length) }, worker));
  signal.throwIfAborted();
  throwFailures(failures);
}

function throwFailures(failures: readonly { readonly host: Pick<Host, 'address'>; readonly error: unknown }[]): void {
  const [first] = failures;
  if (first === undefined) return;
  const own = failures.find(({ error }) => !(error instanceof SealerError));
  if (own !== undefined || failures.length === 1) throw (own ?? first).error;
  const problems = failures.flatMap(({ error }): Problem[] =>
    error instanceof SealerError ? [{ code: error.code, message: error.message, hint: error.hint }] : [],
  );
  const names = failures.map(({ host }) => host.address).join(', ');
  throw new SealerError('STEP_FAILED', `${failures.length} hosts failed: ${names}`, { problems, cause: first.error });
}
