/** The cache of GitHub Actions: the real client against a service on loopback. */

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { needs } from '../../lab/tools.ts';
import { startCacheService } from './cache-service.ts';
import { openSetting, type Setting } from './setting.ts';

const TOKEN = 'the-runtime-token';

let setting: Setting;

before(async () => {
  setting = await openSetting();
});
after(() => setting[Symbol.asyncDispose]());

/** An app whose build prints the environment of its RUN. */
function nosyApp(): Readonly<Record<string, string>> {
  const app = setting.app();
  return { ...app, 'deploy/seed': 'x', 'deploy/Kubefile': `${app['deploy/Kubefile']}COPY seed seed\nRUN env\n` };
}

describe('the cache of GitHub Actions', () => {
  for (const action of ['actions/build', '.']) {
    test(`brings manifests back on the next run of ${action}, by the real client`, { skip: needs('tar') }, async () => {
      await using service = await startCacheService(TOKEN);
      const { runtime } = service;
      const temporary = join(setting.folder, 'cache-temp', action);
      await mkdir(temporary, { recursive: true });
      const inputs = { context: 'deploy', tags: 'shop:v1', cache: 'true' };
      const first = await setting.job(action, setting.app(), inputs, { temporary, runtime });
      assert.ok(first.success, first.log);
      assert.match(first.log, /Cache sealer-v1-.*: \d+ blobs saved/);
      const second = await setting.job(action, setting.app(), inputs, { temporary, runtime });
      assert.ok(second.success, second.log);
      assert.notEqual(second.store, first.store);
      assert.match(second.log, /Cache sealer-v1-.*: \d+ blobs restored/);
      assert.equal(second.outputs.digest, first.outputs.digest);
      assert.ok(Number(second.outputs['reused-bytes']) > 0);
      assert.match(second.used.join(), /^actions\/github-script@[a-f0-9]{40}$/);
    });
  }

  test('is opened with a token that only the build has, and that the log does not show', async () => {
    await using service = await startCacheService(TOKEN);
    const built = await setting.job(
      'actions/build',
      nosyApp(),
      { context: 'deploy', cache: 'true' },
      { runtime: service.runtime, after: `env; echo "masked: ${TOKEN}"` },
    );
    assert.ok(built.success, built.log);
    assert.match(built.log, /blobs saved/, 'the build has the token');
    assert.match(built.log, /^GITHUB_WORKSPACE=/m, 'the step after it has shown its environment');
    assert.doesNotMatch(built.log, /ACTIONS_(?:RUNTIME|RESULTS|CACHE)/, 'neither RUN nor the step after has it');
    assert.match(built.log, /^masked: \*\*\*$/m);
    assert.ok(!JSON.stringify([built.log, built.outputs, built.summary, built.annotations]).includes(TOKEN));
  });

  test('is not asked about, nor is the token, where it is off', async () => {
    await using service = await startCacheService(TOKEN);
    const built = await setting.job(
      'actions/build',
      setting.app(),
      { context: 'deploy', cache: 'false' },
      { runtime: service.runtime },
    );
    assert.ok(built.success, built.log);
    assert.deepEqual(built.used, []);
    assert.doesNotMatch(built.log, /Cache sealer/);
  });

  test('that is down costs a note and nothing else', async () => {
    const service = await startCacheService(TOKEN);
    await service[Symbol.asyncDispose]();
    const built = await setting.job(
      'actions/build',
      setting.app(),
      { context: 'deploy', cache: 'true' },
      { runtime: service.runtime },
    );
    assert.ok(built.success, built.log);
    assert.match(built.log, /^warning: Failed to restore: /m);
    assert.doesNotMatch(built.log, /blobs saved/);
  });

  test('that refuses the token costs a note and nothing else', async () => {
    await using service = await startCacheService(TOKEN);
    const runtime = { ...service.runtime, ACTIONS_RUNTIME_TOKEN: 'a-token-of-yesterday' };
    const built = await setting.job('actions/build', setting.app(), { context: 'deploy' }, { runtime });
    assert.ok(built.success, built.log);
    assert.match(built.log, /^warning: Failed to restore: .*\(401\)/m);
    assert.doesNotMatch(built.log, /blobs saved|a-token-of-yesterday/);
  });

  test('that the runner does not have is told of where it was asked for', async () => {
    const built = await setting.job('actions/build', setting.app(), { context: 'deploy', cache: 'true' });
    assert.ok(built.success, built.log);
    assert.match(built.log, /There is no cache here/);
    const silent = await setting.job('actions/build', setting.app(), { context: 'deploy' });
    assert.doesNotMatch(silent.log, /^There is no cache here/m);
  });
});
