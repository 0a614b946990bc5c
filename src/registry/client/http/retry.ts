/** Trying again: what may pass is tried again after a while, and a registry that asks for patience gets it. */

import { SealerError } from '../../../error.ts';
import { isConnectionError } from './failure.ts';
import type { Timing } from './timing.ts';
import type { Answer } from './wire.ts';

/** How often one thing is tried in all. */
export const ATTEMPTS = 5;
/** The longest that we wait because a registry asks for it, in seconds. */
const MAX_RETRY_AFTER = 60;
const FIRST_DELAY = 500;
const LONGEST_DELAY = 15_000;

/** A failure that may pass; `error` is what it is if it does not. */
export class Transient extends Error {
  readonly error: unknown;
  /** Milliseconds that the server asks to wait. */
  readonly after: number | undefined;

  constructor(error: unknown, after?: number) {
    super('transient', { cause: error });
    this.error = error;
    this.after = after;
  }
}

/** Whether an answer says "not now": 408, 429 and the 5xx that proxies and overloaded servers give. */
export function isTransientStatus(status: number): boolean {
  return [408, 425, 429, 500, 502, 503, 504].includes(status);
}

/**
 * Runs `attempt` until it succeeds, fails for good, or has failed too often. Connection errors and `Transient` are
 * tried again; `progressed`, asked after a failure, starts the count afresh.
 * @throws what the last attempt threw (for a `Transient`, its `error`); RATE_LIMITED when a server asks for more than a
 *   minute
 */
export async function retrying<T>(
  attempt: (count: number) => Promise<T>,
  options: { timing: Timing; signal?: AbortSignal | undefined; progressed?: () => boolean },
): Promise<T> {
  const { timing, signal, progressed } = options;
  for (let count = 0, failures = 0; ; count += 1) {
    signal?.throwIfAborted();
    try {
      return await attempt(count);
    } catch (error) {
      signal?.throwIfAborted();
      const reason = error instanceof Transient ? error.error : error;
      if (!(error instanceof Transient) && !isPassing(error)) throw error;
      failures = progressed?.() === true ? 1 : failures + 1;
      const after = error instanceof Transient ? error.after : undefined;
      if (after !== undefined && after > MAX_RETRY_AFTER * 1000) throw tooLong(reason, after);
      if (failures >= ATTEMPTS) throw reason;
      await timing.sleep(Math.max(after ?? 0, backOff(failures, timing)), signal);
    }
  }
}

/** Exponential, with jitter, so that many clients that failed together do not come back together. */
function backOff(failures: number, timing: Pick<Timing, 'random'>): number {
  const full = Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** (failures - 1));
  return Math.round(full * (0.5 + timing.random() / 2));
}

/** `Retry-After` in milliseconds: seconds or a date (RFC 9110 §10.2.3). */
export function retryAfter(answer: Answer, timing: Pick<Timing, 'now'>): number | undefined {
  const value = answer.headers['retry-after'];
  if (value === undefined) return undefined;
  const milliseconds = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - timing.now();
  return Number.isNaN(milliseconds) ? undefined : Math.max(0, milliseconds);
}

/** A name that does not exist will not exist in a second; a server without TLS will not get it. */
function isPassing(error: unknown): boolean {
  return isConnectionError(error) && !/^(ENOTFOUND|EPROTO|ERR_SSL_.*|ERR_PROXY_INVALID_CONFIG)$/.test(error.code);
}

function tooLong(reason: unknown, after: number): unknown {
  if (!(reason instanceof SealerError)) return reason;
  const code = reason.code === 'RATE_LIMITED' ? reason.code : 'REGISTRY_ERROR';
  return new SealerError(code, `${reason.message} (asks to wait ${Math.round(after / 1000)} s)`, {
    hint: reason.hint ?? 'Try again later.',
    cause: reason,
  });
}
