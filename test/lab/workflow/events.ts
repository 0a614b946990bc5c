/** What happens at GitHub: events, with as much of their payload as our workflows and actions read. */

export interface Happening {
  /** `GITHUB_EVENT_NAME`. */
  readonly name: string;
  readonly payload: Readonly<Record<string, unknown>>;
  /** `refs/heads/main`, `refs/tags/v1.2.3`, `refs/pull/7/merge`. */
  readonly ref: string;
  readonly sha: string;
  readonly baseRef?: string;
  readonly headRef?: string;
  /** 1, and more for a rerun. */
  readonly attempt: number;
  /** Files that the push or pull request changed, for `paths:`. */
  readonly changed: readonly string[];
  /** Whether the run's token may write and secrets are given: not for a fork's pull request. */
  readonly isTrusted: boolean;
}

export const REPOSITORY = 'sealer/build';
const ID = 1000;
const SHA = '1'.repeat(40);
const HEAD = '2'.repeat(40);

const repository = {
  id: ID,
  name: 'build',
  full_name: REPOSITORY,
  owner: { login: 'sealer', id: 10, type: 'Organization' },
  default_branch: 'main',
  fork: false,
  private: false,
};
const sender = { login: 'octocat', id: 20, type: 'User' };
const BASE: Omit<Happening, 'name' | 'payload'> = {
  ref: 'refs/heads/main',
  sha: SHA,
  attempt: 1,
  changed: ['src/cli/main.ts'],
  isTrusted: true,
};

export function push(options: { branch?: string; tag?: string; changed?: readonly string[] } = {}): Happening {
  const { branch = 'main', tag, changed = BASE.changed } = options;
  const ref = tag === undefined ? `refs/heads/${branch}` : `refs/tags/${tag}`;
  const payload = { ref, before: '0'.repeat(40), after: SHA, repository, sender, head_commit: { id: SHA } };
  return { ...BASE, name: 'push', ref, changed, payload };
}

export function schedule(cron: string): Happening {
  return { ...BASE, name: 'schedule', payload: { schedule: cron, repository } };
}

/** @param inputs those that somebody gave; the others get their defaults */
export function dispatch(inputs: Readonly<Record<string, string | boolean>> = {}): Happening {
  return { ...BASE, name: 'workflow_dispatch', payload: { inputs, ref: BASE.ref, repository, sender } };
}

export interface PullRequestOptions {
  readonly action?: string;
  readonly number?: number;
  readonly isFork?: boolean;
  readonly isMerged?: boolean;
  readonly labels?: readonly string[];
  readonly sha?: string;
  readonly changed?: readonly string[];
  /** Who opened it. */
  readonly login?: string;
}

export function pullRequest(options: PullRequestOptions = {}): Happening {
  const { action = 'opened', number = 7, isFork = false, isMerged = false, labels = [], sha = HEAD } = options;
  const { changed = BASE.changed, login = 'octocat' } = options;
  const headRepository = isFork
    ? { ...repository, id: ID + 1, full_name: 'mallory/build', owner: { login: 'mallory', id: 30 }, fork: true }
    : repository;
  const pull_request = {
    number,
    state: action === 'closed' ? 'closed' : 'open',
    merged: isMerged,
    draft: false,
    title: 'A change `touch /tmp/injected` "; exit 1 #',
    html_url: `https://github.com/${REPOSITORY}/pull/${number}`,
    user: { login, id: 20, type: 'User' },
    labels: labels.map((name) => ({ name })),
    merge_commit_sha: SHA,
    head: { ref: 'feature', sha, label: 'x:feature', repo: headRepository, user: headRepository.owner },
    base: { ref: 'main', sha: '3'.repeat(40), repo: repository },
  };
  const ref = `refs/pull/${number}/merge`;
  const payload = { action, number, pull_request, repository, sender };
  const refs = { baseRef: 'main', headRef: 'feature' };
  return { ...BASE, name: 'pull_request', ref, payload, changed, ...refs, isTrusted: !isFork };
}

/** The same run once more. */
export function rerun(happening: Happening): Happening {
  return { ...happening, attempt: happening.attempt + 1 };
}
