/** The client of GitHub's API against the lab's GitHub: limits, faults, lost answers, permissions. */

import assert from 'node:assert/strict';
import { suite, type TestContext, test } from 'node:test';
import {
  ensureDeployment,
  type Github,
  lastSign,
  listDeployments,
  openGithub,
  readLogin,
  readPull,
  removeComment,
  removeDeployment,
  setDeploymentStatus,
  writeComment,
} from '../../../../src/ci/github/index.ts';
import { SealerError } from '../../../../src/error.ts';
import { type LabGithub, type LabGithubOptions, labGithub, stateOf } from '../../../lab/github/index.ts';

const MARKER = '<!-- sealer-preview x -->';
const AUTHOR = 'github-actions[bot]';
const WANTED = { environment: 'preview', task: 'preview-pr-1', description: 'Preview', payload: { ttl: 1 } };

interface Setting {
  readonly lab: LabGithub;
  readonly github: Github;
  readonly notes: string[];
}

async function open(t: TestContext, options: LabGithubOptions = {}, token?: string): Promise<Setting> {
  const lab = await labGithub(options);
  t.after(async () => {
    assert.deepEqual(lab.mistakes, []);
    await lab[Symbol.asyncDispose]();
  });
  const notes: string[] = [];
  const github = openGithub({
    ...{ token: token ?? lab.token, apiUrl: lab.url, repository: lab.state.repository, userAgent: 'sealer/test' },
    report: (event) => void (event.type === 'note' && notes.push(event.message)),
    secondMs: 2,
  });
  return { lab, github, notes };
}

const isDenied = (error: unknown) => error instanceof SealerError && error.code === 'GITHUB_DENIED';

suite('the comment', () => {
  test('is written once, edited afterwards, and left alone when it says the same already', async (t) => {
    const { lab, github } = await open(t);
    const { number } = lab.openPull();
    const author = await readLogin(github);
    assert.equal(author, AUTHOR);
    const which = { issue: number, marker: MARKER, author };
    const outcomes = [];
    for (const text of ['one', 'one', 'two']) outcomes.push((await writeComment(github, which, text)).outcome);
    assert.deepEqual(outcomes, ['created', 'unchanged', 'updated']);
    assert.deepEqual(
      lab.state.comments.map(({ body }) => body),
      [`two\n${MARKER}`],
    );
    assert.equal(await removeComment(github, which), 1);
    assert.equal(await removeComment(github, which), 0);
    assert.equal(lab.requests[0]?.userAgent.startsWith('sealer/test'), true);
  });

  test('of somebody else with the same marker is not ours, wherever it is in the list', async (t) => {
    const { lab, github } = await open(t);
    const { number } = lab.openPull();
    const user = { login: 'mallory', id: 9, type: 'User' } as const;
    for (let i = 0; i < 101; i++) {
      const at = lab.state.now();
      const body = `${MARKER} ${i}`;
      lab.state.comments.push({ id: lab.state.nextId(), issue: number, user, body, createdAt: at, updatedAt: at });
    }
    const which = { issue: number, marker: MARKER, author: AUTHOR };
    assert.equal((await writeComment(github, which, 'one')).outcome, 'created');
    assert.equal((await writeComment(github, which, 'two')).outcome, 'updated');
    assert.equal(lab.state.comments.length, 102);
    await removeComment(github, which);
    assert.ok(lab.state.comments.every(({ user: { login } }) => login === 'mallory'));
  });

  for (const fault of [{ kind: 'cut' }, { kind: 'status', status: 502 }] as const) {
    test(`is not written twice when the answer is lost: ${fault.kind}`, async (t) => {
      const { lab, github } = await open(t);
      const { number } = lab.openPull();
      lab.fail({ match: /POST .*comments/, isDone: true, ...fault });
      const which = { issue: number, marker: MARKER, author: AUTHOR };
      await writeComment(github, which, 'one');
      assert.equal(lab.state.comments.length, 1);
    });
  }

  test('is written anew when somebody removes it in the middle', async (t) => {
    const { lab, github } = await open(t);
    const { number } = lab.openPull();
    const which = { issue: number, marker: MARKER, author: AUTHOR };
    await writeComment(github, which, 'one');
    lab.fail({ match: /PATCH .*comments/, kind: 'status', status: 404, message: 'Not Found' });
    await writeComment(github, which, 'two');
    assert.equal(lab.state.comments.length, 1);
  });
});

suite('the deployment', () => {
  test('of a commit is one, its environment shared, and goes without a trace', async (t) => {
    const { lab, github } = await open(t);
    const pulls = [lab.openPull(), lab.openPull()];
    for (const { number, head } of pulls) {
      const wanted = { ...WANTED, task: `preview-pr-${number}`, sha: head.sha };
      const { id } = await ensureDeployment(github, wanted);
      assert.equal((await ensureDeployment(github, wanted)).id, id);
      const status = { state: 'success', description: 'x'.repeat(200), logUrl: 'https://log.test' } as const;
      await setDeploymentStatus(github, id, status);
    }
    assert.deepEqual(lab.state.deployments.map(stateOf), ['success', 'success'], 'neither took the place of the other');
    const [first] = await listDeployments(github, { environment: 'preview', task: 'preview-pr-1' });
    assert.deepEqual(first?.payload, { ttl: 1 });
    assert.ok(first !== undefined && ((await lastSign(github, first)) ?? 0) >= first.createdAt);
    for (const { id } of await listDeployments(github, { environment: 'preview' })) {
      await removeDeployment(github, id);
      await removeDeployment(github, id);
    }
    assert.equal(lab.state.deployments.length, 0);
    assert.deepEqual([...lab.state.environments], ['preview']);
    assert.equal(first === undefined ? 0 : await lastSign(github, first), undefined);
  });

  test('is not made twice when the answer is lost', async (t) => {
    const { lab, github } = await open(t);
    const { head } = lab.openPull();
    lab.fail({ match: /POST .*deployments$/, kind: 'status', status: 502, isDone: true });
    lab.fail({ match: /GET .*deployments$/, kind: 'status', status: 500 });
    const { id } = await ensureDeployment(github, { ...WANTED, sha: head.sha });
    assert.deepEqual(
      lab.state.deployments.map((each) => each.id),
      [id],
    );
  });
});

suite('limits and faults', () => {
  const LIMITS = [
    { kind: 'secondary-limit', retryAfterSeconds: 2 },
    { kind: 'secondary-limit', status: 429, retryAfterSeconds: 2 },
    { kind: 'status', status: 403, headers: { 'retry-after': '2' }, message: 'Forbidden for now' },
    { kind: 'status', status: 429, headers: { 'retry-after': '2' }, message: 'Too many' },
    { kind: 'status', status: 503, headers: { 'retry-after': '2' }, message: 'Busy' },
    { kind: 'status', status: 502 },
    { kind: 'cut' },
  ] as const;
  for (const fault of LIMITS) {
    test(`that pass are waited for: ${JSON.stringify(fault)}`, async (t) => {
      const { lab, github } = await open(t);
      const { number } = lab.openPull();
      lab.fail({ match: /./, ...fault });
      assert.equal((await readPull(github, number))?.isOpen, true);
      assert.equal(lab.requests.length, 2);
    });
  }

  test('that ask for more than minutes are told at once, with when to come back', async (t) => {
    const { lab, github } = await open(t);
    lab.fail({ match: /./, kind: 'status', status: 403, headers: { 'retry-after': '3600' }, message: 'Wait' });
    await assert.rejects(readPull(github, 1), { code: 'GITHUB_RATE_LIMITED', hint: /3600 s/ });
    lab.fail({ match: /./, kind: 'primary-limit', resetInSeconds: 3000 });
    await assert.rejects(readPull(github, 1), { code: 'GITHUB_RATE_LIMITED', hint: /after \d{4}-/ });
    assert.equal(lab.requests.length, 2);
  });

  test('that do not pass end after a few times', async (t) => {
    const { lab, github, notes } = await open(t);
    lab.fail({ match: /./, kind: 'secondary-limit', retryAfterSeconds: 1, times: 100 });
    await assert.rejects(readPull(github, 1), { code: 'GITHUB_RATE_LIMITED' });
    assert.equal(lab.requests.length, 4);
    assert.match(notes[0] ?? '', /GitHub asks to wait 1 s/);
  });

  test('a server that is down is no fault of the workflow', async (t) => {
    const { lab, github } = await open(t);
    lab.fail({ match: /./, kind: 'status', status: 500, times: 100 });
    await assert.rejects(readPull(github, 1), { code: 'GITHUB_UNREACHABLE', exitCode: 3 });
    lab.fail({ match: /./, kind: 'cut', times: 100 });
    await assert.rejects(readPull(github, 1), { code: 'GITHUB_UNREACHABLE' });
  });

  test('a permission that is missing is named', async (t) => {
    const { lab } = await open(t);
    const { number, head } = lab.openPull();
    const token = lab.addToken({ permissions: ['pull_requests: read'] });
    const { repository } = lab.state;
    const rest = { apiUrl: lab.url, repository, userAgent: 'x', report: () => {}, secondMs: 2 };
    const reader = openGithub({ token, ...rest });
    const which = { issue: number, marker: MARKER, author: AUTHOR };
    await assert.rejects(writeComment(reader, which, 'x'), { code: 'GITHUB_DENIED', hint: /pull-requests: write/ });
    await assert.rejects(ensureDeployment(reader, { ...WANTED, sha: head.sha }), {
      code: 'GITHUB_DENIED',
      hint: /deployments: write/,
    });
    const unknown = openGithub({ token: 'ghs_wrong', ...rest });
    await assert.rejects(readPull(unknown, number), (error) => isDenied(error) && !String(error).includes('ghs_wrong'));
  });

  test('a request that GitHub refuses is told with the field', async (t) => {
    const { lab, github } = await open(t);
    lab.openPull();
    await assert.rejects(ensureDeployment(github, { ...WANTED, sha: 'f'.repeat(40) }), {
      code: 'GITHUB_ERROR',
      message: /No ref found/,
    });
    assert.equal(await readPull(github, 99), undefined);
  });
});

test('GitHub Enterprise is asked below its own path, GraphQL too', async (t) => {
  const { lab, github } = await open(t, { basePath: '/api/v3' });
  const { number } = lab.openPull();
  assert.equal(await readLogin(github), AUTHOR);
  assert.equal((await readPull(github, number))?.number, number);
  assert.deepEqual(
    lab.requests.map(({ status }) => status),
    [200, 200],
  );
});

test('a repository or a token that is none is refused before anything is asked', () => {
  const rest = { userAgent: 'x', report: () => {} };
  assert.throws(() => openGithub({ token: 't', repository: 'shop', ...rest }), { code: 'USAGE' });
  assert.throws(() => openGithub({ token: '', repository: 'a/b', ...rest }), { code: 'USAGE' });
});
