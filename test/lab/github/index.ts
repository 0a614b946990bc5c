/**
 * A GitHub on loopback for tests: one repository with pull requests, comments, deployments and environments, which refuses
 * what the real one refuses and fails when told to.
 */

import type { Fault } from './faults.ts';
import { pullAnswer, repositoryAnswer } from './pulls.ts';
import type { Route } from './route.ts';
import { type Identity, type LabRequest, ROUTES, startServer } from './server.ts';
import { ACTIONS_BOT, emptyState, type LabPull, type LabState, type LabUser } from './state.ts';

export type { Fault } from './faults.ts';
export { type Answer, ApiError, type Call, type Route } from './route.ts';
export type { LabRequest } from './server.ts';
export { ACTIONS_BOT, type LabComment, type LabDeployment, type LabPull, type LabState, stateOf } from './state.ts';

export interface LabGithubOptions {
  /** Default: `acme/shop`. */
  readonly repository?: string;
  /** `/api/v3` as on GitHub Enterprise. Default: nothing, as on github.com. */
  readonly basePath?: string;
  /** Milliseconds since 1970, for the times that things carry. */
  readonly now?: () => number;
  /** More operations than the lab has; they go before its own. */
  readonly routes?: readonly Route[];
}

export interface TokenOptions {
  /** Default: the bot that every workflow is. */
  readonly user?: LabUser;
  /** `deployments: write`. Default: what a preview needs. */
  readonly permissions?: readonly string[];
}

export interface LabGithub extends AsyncDisposable {
  /** GITHUB_API_URL. */
  readonly url: string;
  /** Of the bot, with `contents: read`, `pull_requests: write` and `deployments: write`. */
  readonly token: string;
  readonly state: LabState;
  /** Every request so far. */
  readonly requests: LabRequest[];
  /** Mistakes of the lab itself: answers that lack what the recorded schema requires. Assert that it is empty. */
  readonly mistakes: readonly string[];
  /** Makes one more token. */
  addToken(options?: TokenOptions): string;
  /** Lets coming requests fail; faults of one match are used in their order. */
  fail(fault: Fault): void;
  /** Faults that no request has met yet. */
  faultsLeft(): readonly Fault[];
  /** Opens a pull request. */
  openPull(options?: PullOptions): LabPull;
  /** One more commit on the head of a pull request; gives it. */
  push(pull: LabPull): string;
  /** The payload of a `pull_request` event. */
  pullEvent(pull: LabPull, action: string, rest?: object): object;
  /** What the runner's environment has of all this. */
  env(): Readonly<Record<string, string>>;
}

export interface PullOptions {
  /** `owner/name` of the fork that it comes from. */
  readonly fork?: string;
  readonly labels?: readonly string[];
  readonly title?: string;
}

const DEFAULT_PERMISSIONS = ['contents: read', 'metadata: read', 'pull_requests: write', 'deployments: write'];

/** Starts it. */
export async function labGithub(options: LabGithubOptions = {}): Promise<LabGithub> {
  const { repository = 'acme/shop', basePath = '', now = Date.now, routes = [] } = options;
  const state = emptyState(repository, now);
  const identities = new Map<string, Identity>();
  const requests: LabRequest[] = [];
  const mistakes: string[] = [];
  const faults: { fault: Fault; left: number }[] = [];
  const server = await startServer({
    ...{ state, basePath, identities, faults, requests, mistakes },
    routes: [...routes, ...ROUTES],
  });
  const addToken = ({ user = ACTIONS_BOT, permissions = DEFAULT_PERMISSIONS }: TokenOptions = {}): string => {
    const token = `ghs_lab${String(identities.size).padStart(33, '0')}`;
    identities.set(token, { user, permissions, isPerson: user.type === 'User' });
    return token;
  };
  let commits = 0;
  const nextCommit = (): string => {
    commits += 1;
    return commits.toString(16).padStart(40, '0');
  };
  const { url } = server;
  return {
    ...{ url, state, requests, mistakes, addToken },
    token: addToken(),
    fail: (fault) => void faults.push({ fault, left: fault.times ?? 1 }),
    faultsLeft: () => faults.filter(({ left }) => left > 0).map(({ fault }) => fault),
    openPull: ({ fork, labels = [], title = 'A change' } = {}) => {
      const at = state.now();
      const number = Math.max(0, ...state.pulls.keys()) + 1;
      const pull: LabPull = {
        ...{ number, title, body: '', state: 'open', isMerged: false, isLocked: false, createdAt: at, updatedAt: at },
        labels: [...labels],
        user: { login: 'somebody', id: 7, type: 'User' },
        base: { ref: 'main', sha: 'b'.repeat(40) },
        head: { ref: `change-${number}`, sha: nextCommit(), repository: fork ?? repository },
      };
      state.pulls.set(number, pull);
      return pull;
    },
    push: (pull) => {
      pull.head = { ...pull.head, sha: nextCommit() };
      pull.updatedAt = state.now();
      return pull.head.sha;
    },
    pullEvent: (pull, action, rest = {}) => ({
      ...{ action, number: pull.number, pull_request: pullAnswer(pull, { url, state }) },
      repository: repositoryAnswer(repository, url),
      ...rest,
    }),
    env: () => ({
      GITHUB_API_URL: url,
      GITHUB_GRAPHQL_URL: `${url.replace(/\/v3$/, '')}/graphql`,
      GITHUB_SERVER_URL: 'https://github.test',
      GITHUB_REPOSITORY: repository,
      GITHUB_RUN_ID: '42',
      GITHUB_RUN_ATTEMPT: '1',
    }),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
