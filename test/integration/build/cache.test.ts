import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openSetting, type Setting } from './setting.ts';

const KUBEFILE = 'FROM scratch\nARG V=1\nCOPY a one/\nCOPY b two/\nRUN echo $V > three\nADD d.tar four/\n';
const FILES = { Kubefile: KUBEFILE, a: 'a', b: 'b', 'd.tar': 'no archive' };

function cachedOf(result: Awaited<ReturnType<Setting['build']>>): boolean[] {
  return result.platforms[0]?.layers.map(({ cached }) => cached) ?? [];
}

test('a build of nothing new makes nothing', async () => {
  await using setting = await openSetting();
  const first = await setting.build(FILES);
  assert.deepEqual(cachedOf(first), [false, false, false, false]);
  const again = await setting.build(FILES);
  assert.deepEqual(cachedOf(again), [true, true, true, true]);
  assert.equal(again.digest, first.digest);
  assert.equal(again.fetchedBytes, 0);
  assert.ok(again.reusedBytes > 0);
});

test('what changed is made anew; a COPY after it is found by its content, a RUN after it runs', async () => {
  await using setting = await openSetting();
  await setting.build(FILES);
  assert.deepEqual(cachedOf(await setting.build({ ...FILES, a: 'other' })), [false, true, false, true]);
});

test('a build argument counts where it is used', async () => {
  await using setting = await openSetting();
  await setting.build(FILES);
  const result = await setting.build({}, { buildArgs: { V: '2' } });
  assert.deepEqual(cachedOf(result), [true, true, false, true]);
  assert.equal((await setting.files(result)).three, '2\n');
});

test('--no-cache makes everything anew, to the same digest', async () => {
  await using setting = await openSetting();
  const first = await setting.build(FILES);
  const again = await setting.build(FILES, { noCache: true });
  assert.deepEqual(cachedOf(again), [false, false, false, false]);
  assert.equal(again.digest, first.digest);
});

test('a cached layer whose blob is gone is made again', async () => {
  await using setting = await openSetting();
  const first = await setting.build(FILES, { tags: [] });
  await using other = await openSetting(join(setting.path, 'store'));
  await other.store.prune({ all: true });
  const again = await other.build(FILES);
  assert.equal(again.digest, first.digest);
});

test('builds at once in one store all succeed with the same digest', async () => {
  await using setting = await openSetting();
  const files = { ...FILES, 'big/a': 'x'.repeat(2_000_000), Kubefile: `${KUBEFILE}COPY big big\n` };
  await setting.build(files, { tags: [] });
  const results = await Promise.all(
    [1, 2, 3, 4].map((i) => setting.build({}, { noCache: i % 2 === 0, tags: [`t:v${i}`] })),
  );
  assert.equal(new Set(results.map(({ digest }) => digest)).size, 1);
  assert.equal((await setting.store.names()).length, 4);
});
