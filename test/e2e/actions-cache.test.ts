/** The cache of GitHub Actions: the real client against a service on loopback. */

import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { needs } from '../lab/tools.ts';
import { startCacheService } from './actions-cache-service.ts';
import { openSetting, type Setting } from './actions-setting.ts';

let setting: Setting;

before(async () => {
  setting = await openSetting();
});
after(() => setting[Symbol.asyncDispose]());

describe('the cache of GitHub Actions', () => {
  test('brings manifests back on the next run, by the real client', { skip: needs('tar') }, async () => {
    await using service = await startCacheService();
    const { env } = service;
    const temporary = join(setting.folder, 'cache-temp');
    await mkdir(temporary);
    const inputs = { context: 'deploy', tags: 'shop:v1', cache: 'true' };
    const first = await setting.job('actions/build', setting.app(), inputs, {
      temporary,
      env: { ...env, SEALER_HOME: join(setting.folder, 'cold') },
    });
    assert.ok(first.success, first.log);
    assert.match(first.log, /Cache sealer-v1-.*: \d+ blobs saved/);
    const second = await setting.job('actions/build', setting.app(), inputs, {
      temporary,
      env: { ...env, SEALER_HOME: join(setting.folder, 'warm') },
    });
    assert.ok(second.success, second.log);
    assert.match(second.log, /Cache sealer-v1-.*: \d+ blobs restored/);
    assert.equal(second.outputs.digest, first.outputs.digest);
    assert.ok(Number(second.outputs['reused-bytes']) > 0);
  });

  test('that is down costs a note and nothing else', async () => {
    const service = await startCacheService();
    await service[Symbol.asyncDispose]();
    const built = await setting.job(
      'actions/build',
      setting.app(),
      { context: 'deploy', cache: 'true' },
      { env: service.env },
    );
    assert.ok(built.success, built.log);
  });

  test('that the runner keeps from scripts is told of where it was asked for', async () => {
    const built = await setting.job('actions/build', setting.app(), { context: 'deploy', cache: 'true' });
    assert.ok(built.success, built.log);
    assert.match(built.log, /There is no cache here/);
  });
});
