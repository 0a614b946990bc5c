/** Pull requests, and the repository itself. */

import { type Call, found, type Route, userAnswer } from './route.ts';
import type { LabPull } from './state.ts';

export const PULL_ROUTES: readonly Route[] = [
  {
    operation: 'repos/get',
    needs: ['metadata: read'],
    handle: ({ state, url }) => ({ status: 200, body: repositoryAnswer(state.repository, url) }),
  },
  {
    operation: 'pulls/list',
    needs: ['pull_requests: read'],
    handle: (call) => {
      const wanted = call.query.get('state') ?? 'open';
      const head = call.query.get('head');
      const base = call.query.get('base');
      const fits = (pull: LabPull) =>
        (wanted === 'all' || pull.state === wanted) &&
        (head === null || head === `${ownerOf(pull.head.repository)}:${pull.head.ref}`) &&
        (base === null || base === pull.base.ref);
      return {
        status: 200,
        body: [...call.state.pulls.values()]
          .filter(fits)
          .reverse()
          .map((pull) => pullAnswer(pull, call)),
      };
    },
  },
  {
    operation: 'pulls/get',
    needs: ['pull_requests: read'],
    handle: (call) => ({ status: 200, body: pullAnswer(pullOf(call), call) }),
  },
  {
    operation: 'pulls/create',
    needs: ['pull_requests: write'],
    handle: (call) => {
      const { state, body, user } = call;
      const at = state.now();
      const pull: LabPull = {
        number: Math.max(0, ...state.pulls.keys()) + 1,
        state: 'open',
        isMerged: false,
        title: String(body.title ?? ''),
        body: String(body.body ?? ''),
        labels: [],
        user,
        base: { ref: String(body.base), sha: 'b'.repeat(40) },
        head: { ref: String(body.head), sha: 'a'.repeat(40), repository: state.repository },
        isLocked: false,
        createdAt: at,
        updatedAt: at,
      };
      state.pulls.set(pull.number, pull);
      return { status: 201, body: pullAnswer(pull, call) };
    },
  },
  {
    operation: 'pulls/update',
    needs: ['pull_requests: write'],
    handle: (call) => {
      const { body, state } = call;
      const pull = pullOf(call);
      if (body.title !== undefined) pull.title = String(body.title);
      if (body.body !== undefined) pull.body = String(body.body);
      if (body.state !== undefined) pull.state = body.state === 'closed' ? 'closed' : 'open';
      pull.updatedAt = state.now();
      return { status: 200, body: pullAnswer(pull, call) };
    },
  },
  {
    operation: 'issues/list-labels-on-issue',
    needs: ['issues: read', 'pull_requests: read'],
    handle: (call) => ({ status: 200, body: labelsOf(pullOf(call), call) }),
  },
  {
    operation: 'issues/add-labels',
    needs: ['issues: write', 'pull_requests: write'],
    handle: (call) => {
      const pull = pullOf(call);
      const given = Array.isArray(call.body.labels) ? call.body.labels : [];
      pull.labels = [...new Set([...pull.labels, ...given.map(String)])];
      return { status: 200, body: labelsOf(pull, call) };
    },
  },
  {
    operation: 'issues/remove-label',
    needs: ['issues: write', 'pull_requests: write'],
    handle: (call) => {
      const pull = pullOf(call);
      const name = decodeURIComponent(call.params.name ?? '');
      found(pull.labels.includes(name) ? name : undefined);
      pull.labels = pull.labels.filter((label) => label !== name);
      return { status: 200, body: labelsOf(pull, call) };
    },
  },
];

/** A pull request as answers and events show it. */
export function pullAnswer(pull: LabPull, { url, state }: Pick<Call, 'url' | 'state'>): object {
  const base = `${url}/repos/${state.repository}`;
  const self = `${base}/pulls/${pull.number}`;
  const page = `https://github.test/${state.repository}/pull/${pull.number}`;
  const branch = ({ ref, sha }: { readonly ref: string; readonly sha: string }, repository: string) => ({
    ref,
    sha,
    label: `${ownerOf(repository)}:${ref}`,
    user: { login: ownerOf(repository), id: 1 },
    repo: repositoryAnswer(repository, url),
  });
  return {
    id: 100_000 + pull.number,
    node_id: `PR_${pull.number}`,
    number: pull.number,
    state: pull.state,
    locked: pull.isLocked,
    title: pull.title,
    body: pull.body,
    user: userAnswer(pull.user, url),
    labels: pull.labels.map((name, id) => ({ id, name, color: 'ededed', default: false })),
    base: branch(pull.base, state.repository),
    head: branch(pull.head, pull.head.repository),
    draft: false,
    merged: pull.isMerged,
    merged_at: pull.isMerged ? pull.updatedAt : null,
    merged_by: null,
    merge_commit_sha: 'c'.repeat(40),
    mergeable: true,
    mergeable_state: 'clean',
    maintainer_can_modify: false,
    closed_at: pull.state === 'closed' ? pull.updatedAt : null,
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    ...{ assignee: null, milestone: null, auto_merge: null, author_association: 'CONTRIBUTOR' },
    ...{ additions: 1, deletions: 0, changed_files: 1, comments: 0, commits: 1, review_comments: 0 },
    ...{ url: self, html_url: page, diff_url: `${page}.diff`, patch_url: `${page}.patch` },
    issue_url: `${base}/issues/${pull.number}`,
    comments_url: `${base}/issues/${pull.number}/comments`,
    commits_url: `${self}/commits`,
    review_comments_url: `${self}/comments`,
    review_comment_url: `${self}/comments{/number}`,
    statuses_url: `${base}/statuses/${pull.head.sha}`,
    _links: { self: { href: self }, html: { href: page } },
  };
}

/** A repository as answers and events show it; its ID depends on its name alone. */
export function repositoryAnswer(repository: string, url: string): Readonly<Record<string, unknown>> {
  const id = [...repository].reduce((sum, each) => (sum * 31 + (each.codePointAt(0) ?? 0)) % 1_000_000_007, 7);
  return {
    id,
    name: repository.split('/')[1],
    full_name: repository,
    owner: { login: ownerOf(repository), id: 1 },
    private: false,
    fork: false,
    default_branch: 'main',
    url: `${url}/repos/${repository}`,
    html_url: `https://github.test/${repository}`,
  };
}

function labelsOf(pull: LabPull, { url, state }: Call): readonly object[] {
  return pull.labels.map((name, id) => ({
    ...{ id, node_id: `LA_${id}`, name, description: '', color: 'ededed', default: false },
    url: `${url}/repos/${state.repository}/labels/${name}`,
  }));
}

function pullOf({ state, params }: Call): LabPull {
  return found(state.pulls.get(Number(params.pull_number ?? params.issue_number)));
}

function ownerOf(repository: string): string {
  return repository.split('/')[0] ?? '';
}
