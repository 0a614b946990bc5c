/** What goes wrong on GitHub's side, on demand. */

export type Fault = {
  /** Which requests: `POST /repos/acme/shop/deployments`. */
  readonly match: RegExp;
  /** How many of them. Default: 1. */
  readonly times?: number;
  /** The request is carried out, and only its answer is lost. */
  readonly isDone?: boolean;
} & (
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly message?: string;
    }
  /** 403 or 429 in the words of GitHub's secondary rate limit. */
  | { readonly kind: 'secondary-limit'; readonly status?: 403 | 429; readonly retryAfterSeconds?: number }
  /** 403 with nothing left of the hour's requests. */
  | { readonly kind: 'primary-limit'; readonly resetInSeconds: number }
  /** The connection is cut without an answer. */
  | { readonly kind: 'cut' }
);

export interface FaultAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

const DOCS = 'https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api';

/** The answer of a fault; undefined where the connection is cut. @param now in milliseconds since 1970 */
export function answerOf(fault: Fault, now: number): FaultAnswer | undefined {
  switch (fault.kind) {
    case 'cut':
      return undefined;
    case 'secondary-limit': {
      const { status = 403, retryAfterSeconds } = fault;
      const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) };
      const message =
        'You have exceeded a secondary rate limit. Please wait a few minutes before you try again. If you reach out to GitHub Support for help, please include the request ID.';
      return { status, headers, body: { message, documentation_url: `${DOCS}#about-secondary-rate-limits` } };
    }
    case 'primary-limit': {
      const reset = Math.ceil(now / 1000) + fault.resetInSeconds;
      const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(reset) };
      const message = 'API rate limit exceeded for installation ID 1.';
      return { status: 403, headers, body: { message, documentation_url: DOCS } };
    }
    case 'status': {
      const { status, headers = {}, message = 'Server Error' } = fault;
      return { status, headers, body: { message } };
    }
  }
}
