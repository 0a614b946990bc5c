/**
 * The one client of GitHub's REST API. It waits where GitHub asks to wait, as long as that is sensible, and tries again what
 * is safe to try again; GitHub Enterprise is another base URL and nothing else.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { retry } from '@octokit/plugin-retry';
import { throttling } from '@octokit/plugin-throttling';
import { Octokit } from '@octokit/rest';
import { SealerError } from '../../error.ts';
import type { Report } from '../../progress.ts';
import { explain } from './explain.ts';

export interface GithubOptions {
  readonly token: string;
  /** GITHUB_API_URL. Default: https://api.github.com. */
  readonly apiUrl?: string | undefined;
  /** GITHUB_REPOSITORY: `owner/name`. */
  readonly repository: string;
  readonly userAgent: string;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  /** How long a second of waiting is, in milliseconds. Default: 1000; with less, requests are not spaced either. */
  readonly secondMs?: number | undefined;
}

/** One repository, seen with one token. */
export interface Github {
  readonly octokit: Octokit;
  readonly owner: string;
  readonly repo: string;
  /** GITHUB_API_URL. */
  readonly apiUrl: string;
  /**
   * Does requests, and explains what goes wrong.
   * @param what in the infinitive: `write a comment`
   * @param needs the permission that the token must have: `pull-requests: write`
   * @throws SealerError GITHUB_DENIED, GITHUB_RATE_LIMITED, GITHUB_UNREACHABLE, GITHUB_ERROR
   */
  call<Result>(what: string, needs: string, work: () => Promise<Result>): Promise<Result>;
  /** Waits some of its seconds. */
  wait(seconds: number): Promise<void>;
}

/** GitHub may ask for an hour; a job that only waits costs more than one that fails and says so. */
const MAX_WAIT_SECONDS = 120;
/** Times that one request is tried again because of a limit. */
const MAX_WAITS = 3;
/** For one answer to come in as a whole. */
const MAX_ANSWER_SECONDS = 60;
/** Answers that say when to come back; the retry plugin would not listen to that. */
const LATER = [429, 503];

const Client = Octokit.plugin(retry, throttling);

/**
 * Makes the client; nothing is asked yet.
 * @throws SealerError USAGE if the repository is not `owner/name`, or there is no token
 */
export function openGithub(options: GithubOptions): Github {
  const { token, apiUrl = 'https://api.github.com', repository, userAgent, report, signal, secondMs = 1000 } = options;
  const [owner = '', repo = '', ...rest] = repository.split('/');
  if (owner === '' || repo === '' || rest.length > 0) {
    throw new SealerError('USAGE', `GITHUB_REPOSITORY is "${repository}", which is not owner/name`);
  }
  if (token === '') {
    throw new SealerError('USAGE', 'There is no token for GitHub', {
      hint: 'Leave the input github-token as it is, or set a token.',
    });
  }
  const mayWait = (seconds: number, count: number, path: string): boolean => {
    if (seconds > MAX_WAIT_SECONDS || count >= MAX_WAITS) return false;
    const message = `GitHub asks to wait ${seconds} s before ${path}`;
    report({ type: 'note', level: 'info', message });
    return true;
  };
  const onLimit = (seconds: number, { url }: { readonly url: string }, _: unknown, count: number): boolean =>
    mayWait(seconds, count, url);
  const octokit = new Client({
    auth: token,
    baseUrl: apiUrl.replace(/\/+$/, ''),
    userAgent,
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    request: { fetch: fetchWithin(MAX_ANSWER_SECONDS * 1000, signal) },
    retry: { doNotRetry: [400, 401, 403, 404, 409, 410, 422, 451, ...LATER], retryAfterBaseValue: secondMs },
    throttle: {
      // A key of its own: what one client has done does not slow down another.
      id: crypto.randomUUID(),
      ...{ onRateLimit: onLimit, onSecondaryRateLimit: onLimit, retryAfterBaseValue: secondMs },
      ...(secondMs < 1000 ? { enabled: true, ...unspaced() } : {}),
    },
  });
  const wait = async (seconds: number): Promise<void> => {
    await sleep(seconds * secondMs, undefined, signal === undefined ? {} : { signal });
  };
  octokit.hook.wrap('request', async (request, asked) => {
    for (let count = 0; ; count++) {
      try {
        return await request(asked);
      } catch (error) {
        const seconds = secondsUntilAgain(error);
        if (seconds === undefined || !mayWait(seconds, count, asked.url)) throw error;
        await wait(seconds);
      }
    }
  });
  return {
    ...{ octokit, owner, repo, apiUrl, wait },
    call: async (what, needs, work) => {
      try {
        return await work();
      } catch (error) {
        signal?.throwIfAborted();
        throw explain(error, { what, needs, repository });
      }
    },
  };
}

function fetchWithin(ms: number, signal: AbortSignal | undefined): typeof fetch {
  return (input, init) => {
    const end = AbortSignal.timeout(ms);
    return fetch(input, { ...init, signal: signal === undefined ? end : AbortSignal.any([signal, end]) });
  };
}

/** What a limit that the throttling plugin does not know says: come back in so many seconds. */
function secondsUntilAgain(error: unknown): number | undefined {
  const { status, message, response } = Object(error) as {
    readonly status?: number;
    readonly message?: string;
    readonly response?: { readonly headers?: Readonly<Record<string, string | number | undefined>> };
  };
  const headers = response?.headers ?? {};
  const isKnown = /\bsecondary rate\b/i.test(message ?? '') || String(headers['x-ratelimit-remaining']) === '0';
  if (status === undefined || isKnown) return undefined;
  const asked = Number(headers['retry-after'] ?? Number.NaN);
  if (Number.isFinite(asked) && [403, ...LATER].includes(status)) return asked;
  return LATER.includes(status) ? 1 : undefined;
}

/** Queues that let everything through at once. */
function unspaced() {
  const queue = { key: () => ({ schedule: (_: unknown, work: () => Promise<unknown>) => work() }) };
  // The plugin takes Bottleneck's groups, of which it uses this much.
  return { write: queue, notifications: queue } as unknown as object;
}
