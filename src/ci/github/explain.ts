/** What an answer of GitHub's API means to whoever wrote the workflow. */

import { SealerError } from '../../error.ts';

export interface Request {
  /** In the infinitive: `write a comment`. */
  readonly what: string;
  /** `deployments: write`. */
  readonly needs: string;
  readonly repository: string;
}

interface Answer {
  readonly status: number;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** What GitHub says of fields that it does not like. */
  readonly fields: readonly string[];
}

/**
 * Makes an error that can be acted on of what octokit throws; other errors stay as they are.
 * @returns a SealerError with GITHUB_DENIED, GITHUB_RATE_LIMITED, GITHUB_UNREACHABLE or GITHUB_ERROR
 */
export function explain(error: unknown, request: Request): unknown {
  const answer = answerOf(error);
  if (answer === undefined) return error;
  const { status, message, headers, fields } = answer;
  const { what, needs, repository } = request;
  const said = `GitHub answers ${status}: ${message}${fields.length === 0 ? '' : ` (${fields.join('; ')})`}`;
  const failed = `Cannot ${what} in ${repository}`;
  // The error of octokit holds the request, and with it what the token was; it stays here.
  if (status === 0 || (status >= 500 && !isLimit(answer))) {
    return new SealerError('GITHUB_UNREACHABLE', status === 0 ? `${failed}: ${message}` : `${failed}: ${said}`, {
      hint: 'Run the job again; githubstatus.com tells if it is not only you.',
    });
  }
  if (isLimit(answer)) {
    return new SealerError('GITHUB_RATE_LIMITED', `${failed}: ${said}`, { hint: whenAgain(headers) });
  }
  if (status === 401) {
    return new SealerError('GITHUB_DENIED', `${failed}: GitHub does not know the token`, {
      hint: 'Leave the input github-token as it is, or renew the token that is given there.',
    });
  }
  if (status === 403) {
    return new SealerError('GITHUB_DENIED', `${failed}: ${said}`, {
      hint: `The job needs "permissions: ${headers['x-accepted-github-permissions']?.replace('=', ': ') ?? needs}". Workflows of forks and of Dependabot never have it.`,
    });
  }
  return new SealerError('GITHUB_ERROR', `${failed}: ${said}`, {
    hint:
      status === 404
        ? `There is no such thing, or the token cannot see it: the job needs "permissions: ${needs}".`
        : undefined,
  });
}

/** Whether something is missing: what was to be changed is gone. */
export function isGone(error: unknown): boolean {
  return answerOf(error)?.status === 404;
}

/** Whether nobody knows if the request was carried out: no answer, or one of a proxy or a broken server. */
export function isUncertain(error: unknown): boolean {
  const answer = answerOf(error);
  return answer !== undefined && (answer.status === 0 || (answer.status >= 500 && answer.status !== 503));
}

function isLimit({ status, message, headers }: Answer): boolean {
  if (status === 429) return true;
  if (status !== 403 && status !== 503) return false;
  return /rate limit/i.test(message) || 'retry-after' in headers || headers['x-ratelimit-remaining'] === '0';
}

function whenAgain(headers: Readonly<Record<string, string>>): string {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (Number.isFinite(seconds)) return `Run the job again in ${seconds} s.`;
  const reset = Number(headers['x-ratelimit-reset'] ?? Number.NaN);
  const isOver = headers['x-ratelimit-remaining'] === '0' && Number.isFinite(reset);
  return isOver ? `Run the job again after ${new Date(reset * 1000).toISOString()}.` : 'Run the job again later.';
}

/** Octokit's RequestError; 500 without a response stands for "no answer at all" there. */
function answerOf(error: unknown): Answer | undefined {
  if (!(error instanceof Error) || error.name !== 'HttpError') return undefined;
  const { status, response } = error as Error & {
    readonly status?: number;
    readonly response?: { readonly headers?: Readonly<Record<string, unknown>>; readonly data?: unknown };
  };
  if (typeof status !== 'number') return undefined;
  if (response === undefined) return { status: 0, message: reasonOf(error), headers: {}, fields: [] };
  const headers = Object.fromEntries(
    Object.entries(response.headers ?? {}).map(([name, value]) => [name, String(value)]),
  );
  const data: Readonly<Record<string, unknown>> = Object(response.data);
  const message = typeof data.message === 'string' ? data.message : error.message.slice(0, 200);
  const list = Array.isArray(data.errors) ? data.errors : [];
  return { status, message, headers, fields: list.map(describeField) };
}

function describeField(error: unknown): string {
  if (typeof error === 'string') return error;
  const { field, code, message } = Object(error);
  return typeof message === 'string' ? message : `${field} ${code}`;
}

/** fetch says no more than that it failed; why is in the cause of its cause. */
function reasonOf(error: Error): string {
  let inner: Error = error;
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner.message || error.message;
}
