import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { gatherPage } from '../../../src/inspect-page/index.ts';
import { addSampleImage } from '../../lab/sample-image.ts';
import { folderOf, noise } from '../../lab/scratch.ts';
import { storeOf, withStore } from '../../lab/stores.ts';
import { run } from '../cli/fake-context.ts';

suite('what the page of an image knows', () => {
  test('are facts, layers, files with digests, contents, and weights that add up to the image', () =>
    withStore(async (store) => {
      const descriptor = await addSampleImage(store, 'v1');
      const page = await gatherPage(store, { name: 'docker.io/library/shop:v1', descriptor }, {});
      assert.equal(page.name, 'shop:v1');
      assert.equal(page.digest, descriptor.digest);
      assert.deepEqual(Object.fromEntries(page.facts).Kubernetes, 'v1.33.4');
      assert.deepEqual(
        page.components.map(({ kind, name, app }) => [kind, name, app]),
        [
          ['image', 'r.test/shop/web', 'shop'],
          ['image', 'r.test/shop/api', 'shop'],
          ['program', 'tool', ''],
          ['image', 'r.test/net/cni', ''],
          ['app', 'shop', 'shop'],
          ['chart', 'shop-chart', 'shop'],
        ],
      );
      const sum = page.weights.reduce((total, { bytes }) => total + bytes, 0);
      assert.ok(Math.abs(sum - page.size) < 10, `${sum} of ${page.size}`);
      const hash = createHash('sha256').update(noise(300_000, 'v1')).digest('hex');
      const [rootfs] = page.layers;
      const bin = rootfs?.content.find(({ n }) => n === 'bin');
      assert.deepEqual(bin?.c, [{ n: 'tool', s: 300_000, d: hash.slice(0, 16) }]);
      assert.equal(page.components.find(({ name }) => name === 'tool')?.digest, `sha256:${hash}`);
    }));

  test('of layers of container images is what they carry, without their being read', () =>
    withStore(async (store) => {
      const descriptor = await addSampleImage(store, 'v1');
      const { layers } = await gatherPage(store, { name: 'shop:v1', descriptor }, {});
      const carried = layers.filter(({ kind }) => kind === 'images').map(({ content }) => content);
      const blob = carried.flat().find(({ c }) => c !== undefined);
      assert.deepEqual(
        blob?.c?.map(({ n }) => n),
        ['r.test/shop/api:1', 'r.test/shop/web:v1'],
      );
      assert.equal(carried.flat().filter(({ c }) => c === undefined).length, 3);
    }));

  test('of a comparison is what is new in the image', () =>
    withStore(async (store) => {
      const from = await addSampleImage(store, 'v1');
      const to = await addSampleImage(store, 'v2');
      const against = { name: 'shop:v1', descriptor: from };
      const { comparison } = await gatherPage(store, { name: 'shop:v2', descriptor: to }, { against });
      assert.deepEqual(
        comparison?.images.changed.map(({ from, to }) => [from.image, to.image]),
        [['r.test/shop/web:v1', 'r.test/shop/web:v2']],
      );
      assert.deepEqual(comparison?.apps.changed, [{ name: 'shop', from: 'v1', to: 'v2' }]);
      assert.ok((comparison?.bytesToMove ?? 0) > 300_000 && (comparison?.bytesToMove ?? 0) < 900_000);
    }));
});

suite('sealer inspect', () => {
  test('--diff tells what is new, and the same as JSON', async (t) => {
    const store = await storeOf(t);
    await addSampleImage(store, 'v1');
    await addSampleImage(store, 'v2');
    const { code, stdout } = await run(['inspect', 'shop:v2', '--diff', 'shop:v1', '--store', store.root]);
    assert.equal(code, 0);
    assert.match(
      stdout,
      /^From {7}shop:v1, .*\nTo {9}shop:v2, .*\nTo move {4}\d+ kB in 2 layers; 1\.\d MB in 4 layers stay$/m,
    );
    assert.match(stdout, /Container images: 1 differ, 2 are the same\n.*\n~ {3}r\.test\/shop\/web:v1 → v2 {3}/);
    assert.match(stdout, /Apps: 1 differ\n.*\n~ {3}shop {3}v1 → v2/);
    const json = await run(['inspect', 'shop:v2', '--diff', 'shop:v1', '--json', '--store', store.root]);
    assert.equal(JSON.parse(json.stdout).images.changed[0].to.image, 'r.test/shop/web:v2');
    assert.equal(JSON.parse(json.stdout).to.name, 'docker.io/library/shop:v2');
  });

  test('--html writes one file, and says where', async (t) => {
    const store = await storeOf(t);
    await addSampleImage(store, 'v1');
    const file = join(await folderOf(t), 'shop.html');
    const { code, stdout } = await run(['inspect', 'shop:v1', '--html', file, '--json', '--store', store.root]);
    assert.equal(code, 0);
    const page = await readFile(file, 'utf8');
    assert.equal(JSON.parse(stdout).size, Buffer.byteLength(page));
    assert.match(page, /^<!doctype html>/);
    assert.ok(!page.includes('</script><b>'), 'a file name is data');
    const nowhere = await run(['inspect', 'shop:v1', '--html', join(file, 'x'), '--store', store.root]);
    assert.equal(nowhere.code, 1);
    assert.match(nowhere.stderr, /shop\.html/);
  });

  test('refuses flags that mean different outputs, and images that are not there', async (t) => {
    const store = await storeOf(t);
    await addSampleImage(store, 'v1');
    const both = await run(['inspect', 'shop:v1', '--raw', '--diff', 'shop:v1', '--store', store.root]);
    assert.equal(both.code, 2);
    const absent = await run(['inspect', 'shop:v1', '--diff', 'other:v1', '--store', store.root]);
    assert.match(absent.stderr, /IMAGE_NOT_FOUND.*other:v1/);
  });
});
