import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { loadService } from '../../../src/ci/cache/cache.ts';
import { listHotBlobs, MAX_HOT_BYTES, putHotBlobs, takeHotBlobs } from '../../../src/ci/cache/hot-blobs.ts';
import { cachePolicy } from '../../../src/ci/cache/policy.ts';
import { isPrivilegedForkCode, readCheckout, refuseForkCode } from '../../../src/ci/fork.ts';
import { readBuildInputs } from '../../../src/ci/inputs/build-inputs.ts';
import { parseRegistryAuth } from '../../../src/ci/inputs/registry-auth.ts';
import { maskSecrets, placeSecrets } from '../../../src/ci/secrets.ts';
import { SealerError } from '../../../src/error.ts';
import { digestOf, hexOf } from '../../../src/oci/digest.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { gitIn } from '../../lab/git.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

const SHA = 'a'.repeat(40);
const BASE = 'b'.repeat(40);
const TARGET = {
  repository: { id: 1 },
  pull_request: { head: { repo: { id: 2, full_name: 'Mallory/shop' }, sha: SHA }, merge_commit_sha: 'c'.repeat(40) },
};
const RUN = {
  repository: { id: 1 },
  workflow_run: {
    event: 'pull_request',
    head_sha: SHA,
    head_repository: { id: 2, full_name: 'mallory/shop' },
    head_commit: { id: SHA },
  },
};

suite('the code of a fork in a privileged workflow', () => {
  test('is known by its commit, by a merge of it, and by where it was cloned from', () => {
    for (const [event, payload] of [
      ['pull_request_target', TARGET],
      ['workflow_run', RUN],
    ] as const) {
      assert.ok(isPrivilegedForkCode(event, payload, { commits: [SHA], remote: undefined }));
      assert.ok(isPrivilegedForkCode(event, payload, { commits: ['d'.repeat(40), BASE, SHA], remote: undefined }));
      assert.ok(isPrivilegedForkCode(event, payload, { commits: [], remote: 'https://github.com/mallory/shop.git' }));
    }
  });

  test('is known by its commit when the fork was deleted meanwhile', () => {
    const { pull_request: request } = TARGET;
    const target = { ...TARGET, pull_request: { ...request, head: { ...request.head, repo: null } } };
    const run = { ...RUN, workflow_run: { ...RUN.workflow_run, head_repository: null } };
    for (const [event, payload] of [
      ['pull_request_target', target],
      ['workflow_run', run],
    ] as const) {
      assert.ok(isPrivilegedForkCode(event, payload, { commits: [SHA], remote: 'https://github.com/us/shop' }), event);
      assert.ok(
        !isPrivilegedForkCode(event, payload, { commits: [BASE], remote: 'https://github.com/us/shop' }),
        event,
      );
    }
  });

  test('is not seen where there is none', () => {
    const own = { repository: { id: 1 }, pull_request: { head: { repo: { id: 1 }, sha: SHA } } };
    const checkout = { commits: [SHA], remote: 'https://github.com/us/shop' };
    assert.ok(!isPrivilegedForkCode('pull_request_target', own, checkout), 'a branch of our own');
    assert.ok(!isPrivilegedForkCode('pull_request', TARGET, checkout), 'an event without secrets');
    assert.ok(!isPrivilegedForkCode('pull_request_target', TARGET, { ...checkout, commits: [BASE] }), 'the base');
    assert.ok(!isPrivilegedForkCode('push', undefined, checkout));
    const afterPush = { ...RUN, workflow_run: { ...RUN.workflow_run, event: 'push' } };
    assert.ok(!isPrivilegedForkCode('workflow_run', afterPush, checkout));
  });

  test('is refused with what to do instead', () => {
    assert.throws(
      () => refuseForkCode('pull_request_target', TARGET, { commits: [SHA], remote: undefined }),
      (error) =>
        error instanceof SealerError && error.code === 'UNSAFE_FORK' && /allow-unsafe-fork/.test(error.hint ?? ''),
    );
  });

  test('is looked for in the checkout itself', async () => {
    await using folder = await temporaryFolder('checkout');
    const git = (...args: string[]): string => gitIn(folder.path, ...args);
    assert.deepEqual(await readCheckout(folder.path), { commits: [], remote: undefined });
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', 'one');
    git('remote', 'add', 'origin', 'https://github.com/mallory/shop');
    const { commits, remote } = await readCheckout(folder.path);
    assert.deepEqual(commits, [git('rev-parse', 'HEAD').trim()]);
    assert.equal(remote, 'https://github.com/mallory/shop');
  });
});

suite('the cache', () => {
  const inputs = { cache: 'auto', noCache: false, push: true } as const;
  const event = (eventName: string, ref = 'refs/heads/main', payload: unknown = {}) => ({ eventName, ref, payload });

  test('is read and written by pushes and schedules', () => {
    assert.deepEqual(cachePolicy(inputs, event('push')), { read: true, write: true });
    assert.deepEqual(cachePolicy(inputs, event('schedule')), { read: true, write: true });
  });

  test('is never written by what an outsider can cause', () => {
    for (const name of ['pull_request_target', 'workflow_run', 'issue_comment', 'issues', 'fork', '']) {
      assert.equal(cachePolicy({ ...inputs, cache: 'true' }, event(name)).write, false, name);
    }
    const { pull_request, repository } = TARGET;
    assert.equal(
      cachePolicy(inputs, event('pull_request', 'refs/pull/1/merge', { pull_request, repository })).write,
      false,
    );
  });

  test('is not touched by releases, by no-cache, or when it is off', () => {
    const off = { read: false, write: false };
    assert.deepEqual(cachePolicy(inputs, event('release', 'refs/tags/v1')), off);
    assert.deepEqual(cachePolicy(inputs, event('push', 'refs/tags/v1')), off);
    assert.deepEqual(cachePolicy({ ...inputs, noCache: true }, event('push')), off);
    assert.deepEqual(cachePolicy({ ...inputs, cache: 'false' }, event('push')), off);
  });

  test('has no service where the variables of the runner are absent or empty', async () => {
    const whole = { ACTIONS_RUNTIME_TOKEN: 't', ACTIONS_RESULTS_URL: 'http://127.0.0.1/' };
    for (const name of Object.keys(whole)) {
      assert.equal(await loadService({ ...whole, [name]: '' }), undefined, `${name} is empty`);
      assert.equal(await loadService({ ...whole, [name]: undefined }), undefined, `${name} is absent`);
    }
    assert.equal(await loadService({}), undefined);
  });

  test('carries small blobs from store to store', async () => {
    await using folder = await temporaryFolder('hot');
    await using from = await Store.open(join(folder.path, 'from'));
    await using to = await Store.open(join(folder.path, 'to'));
    const { digest } = await from.add(Buffer.from('small'), 'text/plain');
    const large = await from.add(Buffer.alloc(MAX_HOT_BYTES + 1), 'text/plain');
    const digests = await listHotBlobs(from);
    assert.ok(digests.includes(digest) && !digests.includes(large.digest));
    await putHotBlobs(join(folder.path, 'cache'), from, digests);
    assert.deepEqual(await takeHotBlobs(join(folder.path, 'cache'), to), { taken: digests.length, refused: 0 });
    assert.equal((await to.bytes(digest)).toString(), 'small');
  });

  test('that was poisoned is a cold one: nothing gets in whose bytes are not its name', async () => {
    await using folder = await temporaryFolder('poison');
    await using store = await Store.open(join(folder.path, 'store'));
    const cache = join(folder.path, 'cache');
    await mkdir(cache);
    const wanted = digestOf('the real manifest');
    writeFileSync(join(cache, hexOf(wanted)), 'something else');
    writeFileSync(join(cache, 'not-a-digest'), 'x');
    writeFileSync(join(folder.path, 'secret'), 'secret');
    await symlink(join(folder.path, 'secret'), join(cache, hexOf(digestOf('secret'))));
    assert.deepEqual(await takeHotBlobs(cache, store), { taken: 0, refused: 3 });
    assert.equal(await store.stat(wanted), undefined);
  });

  test('that is not there is no error', async () => {
    await using folder = await temporaryFolder('none');
    await using store = await Store.open(join(folder.path, 'store'));
    assert.deepEqual(await takeHotBlobs(join(folder.path, 'absent'), store), { taken: 0, refused: 0 });
  });
});

suite('registry-auth', () => {
  test('is the list of docker/login-action', () => {
    const text = '- registry: https://ghcr.io/\n  username: me\n  password: 12345\n';
    assert.deepEqual(parseRegistryAuth(text), [{ registry: 'ghcr.io', username: 'me', password: '12345' }]);
    assert.deepEqual(parseRegistryAuth(' '), []);
  });

  for (const text of [
    'password: hunter2',
    '- registry: r\n  password: hunter2',
    '- registry: r\n username: hunter2',
    '[hunter2',
  ]) {
    test(`that is malformed is refused without being repeated: ${JSON.stringify(text).slice(0, 20)}…`, () => {
      assert.throws(
        () => parseRegistryAuth(text),
        (error) =>
          error instanceof SealerError &&
          error.code === 'USAGE' &&
          !`${error.message}${error.hint}`.includes('hunter2'),
      );
    });
  }
});

suite('secrets', () => {
  const inputs = readBuildInputs(
    (name) =>
      ({
        secrets: '"pem=-----BEGIN-----\nabcdefgh"\ntoken=tttttttt',
        'secret-envs': 'id=FROM_ENV',
        'registry-auth': '- { registry: r, username: u, password: pppppppp }',
      })[name] ?? '',
  );

  test('are masked line by line, from every source, with what Basic makes of them', () => {
    const masked: string[] = [];
    maskSecrets(inputs, { FROM_ENV: 'eeeeeeee' }, (secret) => masked.push(secret));
    for (const secret of [
      'abcdefgh',
      'tttttttt',
      'eeeeeeee',
      'pppppppp',
      Buffer.from('u:pppppppp').toString('base64'),
    ]) {
      assert.ok(masked.includes(secret), secret);
    }
  });

  test('are in files that only we can read, and that are gone afterwards', async () => {
    await using folder = await temporaryFolder('secrets');
    let file = '';
    {
      await using placed = await placeSecrets(inputs, folder.path);
      const pem = placed.sources.find(({ id }) => id === 'pem');
      file = pem?.file ?? '';
      assert.equal(readFileSync(file, 'utf8'), '-----BEGIN-----\nabcdefgh');
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.deepEqual(placed.sources.at(-1), { id: 'id', env: 'FROM_ENV' });
    }
    assert.equal(statSync(file, { throwIfNoEntry: false }), undefined);
  });
});
