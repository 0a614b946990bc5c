/** What a repository of the lab's GitHub holds. */

export interface LabUser {
  readonly login: string;
  readonly id: number;
  readonly type: 'User' | 'Bot';
}

export interface LabComment {
  readonly id: number;
  readonly issue: number;
  readonly user: LabUser;
  body: string;
  readonly createdAt: string;
  updatedAt: string;
}

export interface LabStatus {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly log_url: string;
  readonly environment_url: string;
  readonly createdAt: string;
  /** Made by GitHub itself, because another deployment took this one's place. */
  readonly isAutomatic: boolean;
}

export interface LabDeployment {
  readonly id: number;
  readonly sha: string;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string;
  readonly payload: unknown;
  readonly isTransient: boolean;
  readonly isProduction: boolean;
  readonly creator: LabUser;
  readonly createdAt: string;
  readonly statuses: LabStatus[];
}

export interface LabPull {
  readonly number: number;
  state: 'open' | 'closed';
  isMerged: boolean;
  title: string;
  body: string;
  labels: string[];
  readonly user: LabUser;
  readonly base: { readonly ref: string; readonly sha: string };
  /** `repository` is another one for the pull request of a fork. */
  head: { readonly ref: string; readonly sha: string; readonly repository: string };
  isLocked: boolean;
  readonly createdAt: string;
  updatedAt: string;
}

export interface LabState {
  /** `owner/name`. */
  readonly repository: string;
  readonly comments: LabComment[];
  readonly deployments: LabDeployment[];
  /** Names: a deployment makes its environment, and nothing that a job's token may do removes it. */
  readonly environments: Set<string>;
  readonly pulls: Map<number, LabPull>;
  /** Commits, branches and tags that deployments may be made of, beside the heads and bases of pull requests. */
  readonly refs: Set<string>;
  /** Gives a new number for whatever is made. */
  nextId(): number;
  /** ISO 8601. */
  now(): string;
}

/** Who a workflow's own token is. */
export const ACTIONS_BOT: LabUser = { login: 'github-actions[bot]', id: 41_898_282, type: 'Bot' };

/** The state that a deployment is in: its latest status, or `pending` where there is none. */
export function stateOf({ statuses }: LabDeployment): string {
  return statuses.at(-1)?.state ?? 'pending';
}

/** An empty repository. */
export function emptyState(repository: string, clock: () => number): LabState {
  let last = 1000;
  return {
    repository,
    comments: [],
    deployments: [],
    environments: new Set(),
    pulls: new Map(),
    refs: new Set(['main']),
    nextId: () => {
      last += 1;
      return last;
    },
    now: () => new Date(clock()).toISOString().replace(/\.\d+Z$/, 'Z'),
  };
}
