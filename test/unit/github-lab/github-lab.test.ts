/** The loopback GitHub that other tests rely on answers and refuses as the recorded description of the real one says. */

import assert from 'node:assert/strict';
import { after, before, suite, test } from 'node:test';
import { type LabGithub, labGithub, stateOf } from '../../lab/github/index.ts';

let github: LabGithub;
before(async () => {
  github = await labGithub();
});
after(async () => {
  assert.deepEqual(github.mistakes, []);
  await github[Symbol.asyncDispose]();
});

async function ask(method: string, path: string, body?: object, token = github.token) {
  const init = { method, headers: { authorization: `token ${token}` } };
  const response = await fetch(
    `${github.url}${path}`,
    body === undefined ? init : { ...init, body: JSON.stringify(body) },
  );
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === '' ? undefined : JSON.parse(text) };
}

const REPOSITORY = '/repos/acme/shop';
const PREVIEW = { environment: 'preview', auto_merge: false, required_contexts: [], production_environment: false };

suite('the GitHub of the lab', () => {
  test('gives lists in pages, and the way to the others', async () => {
    const { number } = github.openPull();
    const comments = `${REPOSITORY}/issues/${number}/comments`;
    for (let i = 0; i < 31; i++) await ask('POST', comments, { body: `comment ${i}` });
    const first = await ask('GET', comments);
    assert.equal(first.body.length, 30);
    assert.match(first.headers.get('link') ?? '', /page=2>; rel="next"/);
    assert.equal((await ask('GET', `${comments}?page=2`)).body.length, 1);
    assert.equal(first.body[0].user.login, 'github-actions[bot]');
  });

  test('refuses who it does not know, what a token may not do, and what has no required field', async () => {
    const { number } = github.openPull();
    const comments = `${REPOSITORY}/issues/${number}/comments`;
    assert.equal((await ask('GET', comments, undefined, 'wrong')).status, 401);
    const reader = github.addToken({ permissions: ['pull_requests: read'] });
    const denied = await ask('POST', comments, { body: 'x' }, reader);
    assert.equal(denied.status, 403);
    assert.match(denied.body.message, /not accessible by integration/);
    const empty = await ask('POST', comments, {});
    assert.equal(empty.status, 422);
    assert.equal(empty.body.errors[0].code, 'missing_field');
    const wrong = await ask('POST', `${REPOSITORY}/deployments`, { ref: 'main', required_contexts: 'none' });
    assert.equal(wrong.status, 422);
    assert.equal((await ask('POST', `${REPOSITORY}/deployments`, { ...PREVIEW, ref: 'unknown' })).status, 422);
    assert.equal((await ask('GET', '/repos/acme/other/pulls')).status, 404);
    assert.equal((await ask('GET', '/user')).status, 403, 'a workflow does not know itself this way');
  });

  test('a success takes the place of others unless it is told not to, and only what is inactive goes', async () => {
    const [one, two] = [github.openPull(), github.openPull()];
    const create = async (ref: string) => (await ask('POST', `${REPOSITORY}/deployments`, { ...PREVIEW, ref })).body.id;
    const [first, second] = [await create(one.head.sha), await create(two.head.sha)];
    const status = (id: number, body: object) => ask('POST', `${REPOSITORY}/deployments/${id}/statuses`, body);
    await status(first, { state: 'success', auto_inactive: false });
    await status(second, { state: 'success', auto_inactive: false });
    const states = () => github.state.deployments.map(stateOf);
    assert.deepEqual(states(), ['success', 'success']);
    await status(second, { state: 'success' });
    assert.deepEqual(states(), ['inactive', 'success']);
    assert.equal((await ask('DELETE', `${REPOSITORY}/deployments/${second}`)).status, 422);
    assert.equal((await ask('DELETE', `${REPOSITORY}/deployments/${first}`)).status, 204);
    assert.deepEqual([...github.state.environments], ['preview']);
    assert.equal((await ask('DELETE', `${REPOSITORY}/environments/preview`)).status, 403);
    assert.equal((await ask('GET', `${REPOSITORY}/environments`)).status, 403);
    assert.equal((await ask('GET', `${REPOSITORY}/deployments?environment=preview`)).body.length, 1);
    assert.equal((await ask('GET', `${REPOSITORY}/deployments/${second}/statuses`)).body[0].state, 'success');
  });

  test('fails on demand: before the request is carried out, or after', async () => {
    const { number } = github.openPull();
    const comments = `${REPOSITORY}/issues/${number}/comments`;
    const count = () => github.state.comments.filter(({ issue }) => issue === number).length;
    github.fail({ match: /POST .*comments/, kind: 'secondary-limit', retryAfterSeconds: 1 });
    github.fail({ match: /POST .*comments/, kind: 'status', status: 502, isDone: true });
    github.fail({ match: /POST .*comments/, kind: 'cut' });
    const limited = await ask('POST', comments, { body: 'x' });
    assert.deepEqual([limited.status, limited.headers.get('retry-after'), count()], [403, '1', 0]);
    assert.deepEqual([(await ask('POST', comments, { body: 'x' })).status, count()], [502, 1]);
    await assert.rejects(ask('POST', comments, { body: 'x' }));
    assert.equal(count(), 1);
    assert.equal((await ask('POST', comments, { body: 'x' })).status, 201);
  });

  test('has pull requests and their labels, also those of forks', async () => {
    const { number } = github.openPull({ fork: 'mallory/shop', labels: ['preview'] });
    const { body } = await ask('GET', `${REPOSITORY}/pulls/${number}`);
    assert.equal(body.head.repo.full_name, 'mallory/shop');
    assert.notEqual(body.head.repo.id, body.base.repo.id);
    assert.equal((await ask('GET', `${REPOSITORY}/issues/${number}/labels`)).body[0].name, 'preview');
    await ask('POST', `${REPOSITORY}/issues/${number}/labels`, { labels: ['more'] });
    assert.equal((await ask('DELETE', `${REPOSITORY}/issues/${number}/labels/more`)).status, 200);
    await ask('PATCH', `${REPOSITORY}/pulls/${number}`, { state: 'closed' });
    assert.equal((await ask('GET', `${REPOSITORY}/pulls?state=closed`)).body.length, 1);
    const made = await ask('POST', `${REPOSITORY}/pulls`, { title: 'New', head: 'versions', base: 'main' });
    assert.equal(made.status, 201);
    assert.equal((await ask('GET', `${REPOSITORY}/pulls?head=acme:versions`)).body[0].number, made.body.number);
  });
});
