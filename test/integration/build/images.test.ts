import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseContainerImages } from '../../../src/cluster-image/index.ts';
import { SealerError } from '../../../src/error.ts';
import { writeFiles } from '../../lab/scratch.ts';
import { gzipLayer, makeImage, makeIndex } from '../../unit/cluster-image/image-maker.ts';
import { AMD64, ARM64, openSetting, startRegistry } from './setting.ts';

function pod(...images: string[]): string {
  const containers = images.map((image, i) => `  - name: c${i}\n    image: ${image}\n`);
  return `apiVersion: v1\nkind: Pod\nmetadata:\n  name: x\nspec:\n  containers:\n${containers.join('')}`;
}

test('every image that manifests, apps and lists name is in the image, and a second build fetches nothing', async () => {
  await using setting = await openSetting();
  await using registry = await startRegistry();
  for (const name of ['one', 'two', 'three', 'four'])
    await registry.push(`${name}:v1`, makeImage([gzipLayer(name, 2_000_000)]));
  const { address } = registry;
  writeFiles(setting.path, { list: `${address}/four:v1\n`, ignored: `${address}/ignored:v1\n` });
  const files = {
    Kubefile: 'FROM scratch\nCOPY manifests manifests\nAPP web app/\nRUN echo "images: none" > x\n',
    'manifests/a.yaml': pod(`${address}/one:v1`, `${address}/ignored:v1`),
    'manifests/imageList': `${address}/two:v1\n`,
    'app/b.yaml': pod(`${address}/three:v1`),
  };
  const options = { imageLists: [join(setting.path, 'list')], ignoredImageLists: [join(setting.path, 'ignored')] };
  const first = await setting.build(files, options);
  const names = ['four', 'one', 'three', 'two'].map((name) => `${address}/${name}:v1`);
  assert.deepEqual(
    first.platforms[0]?.images.map(({ reference }) => reference),
    names,
  );
  assert.equal(first.platforms[0]?.images[2]?.app, 'web');
  assert.ok(first.fetchedBytes > 8_000_000);
  const manifest = await setting.manifest(first);
  assert.deepEqual(
    parseContainerImages(manifest).map(({ image, appName }) => [image, appName]),
    [
      [names[0], undefined],
      [names[1], undefined],
      [names[2], 'web'],
      [names[3], undefined],
    ],
  );
  const config = await setting.config(first);
  assert.equal(config.rootfs.diff_ids.length, manifest.layers.length);
  assert.equal(config.history?.filter((entry) => entry.empty_layer !== true).length, manifest.layers.length);
  const again = await setting.build(files, options);
  assert.equal(again.digest, first.digest);
  assert.equal(again.fetchedBytes, 0);
  assert.deepEqual(
    again.platforms[0]?.layers.map(({ cached }) => cached),
    manifest.layers.map(() => true),
  );
});

test('images of the base are carried on and not fetched again', async () => {
  await using setting = await openSetting();
  await using registry = await startRegistry();
  const { address } = registry;
  await registry.push('base:v1', makeImage([gzipLayer('shared', 2_000_000)]));
  await registry.push('own:v1', makeImage([gzipLayer('shared', 2_000_000), gzipLayer('own', 2_000_000)]));
  await setting.build(
    { Kubefile: 'FROM scratch\nCOPY a.yaml manifests/\n', 'a.yaml': pod(`${address}/base:v1`) },
    { tags: ['registry.test/base:v1'] },
  );
  const result = await setting.build({
    Kubefile: 'FROM registry.test/base:v1\nCOPY b.yaml manifests/\n',
    'b.yaml': pod(`${address}/own:v1`),
  });
  assert.ok(result.fetchedBytes < 3_000_000, String(result.fetchedBytes));
  const names = [`${address}/base:v1`, `${address}/own:v1`];
  assert.deepEqual(
    result.platforms[0]?.images.map(({ reference }) => reference),
    names,
  );
  const manifest = await setting.manifest(result);
  assert.deepEqual(
    parseContainerImages(manifest).map(({ image }) => image),
    names,
  );
  const digests = manifest.layers.map(({ digest }) => digest);
  assert.equal(new Set(digests).size, digests.length, 'no layer is there twice');
});

test('each platform carries its own images, and a missing one fails the build at its line', async () => {
  await using setting = await openSetting();
  await using registry = await startRegistry();
  const { address } = registry;
  const images = {
    'linux/amd64': makeImage([gzipLayer('amd', 1000)], 'linux/amd64'),
    'linux/arm64': makeImage([gzipLayer('arm', 1000)], 'linux/arm64'),
  };
  await registry.push('multi:v1', makeIndex(images));
  await registry.push('amd-only:v1', makeIndex({ 'linux/amd64': images['linux/amd64'] }));
  const kubefile = 'FROM scratch\nCOPY deploy manifests\n';
  const both = await setting.build(
    { Kubefile: kubefile, 'deploy/a.yaml': pod(`${address}/multi:v1`) },
    { platforms: [AMD64, ARM64] },
  );
  assert.equal(both.platforms.length, 2);
  assert.notEqual(both.platforms[0]?.manifest.digest, both.platforms[1]?.manifest.digest);
  const work = setting.build(
    { 'deploy/b.yaml': `# comment\n---\n${pod(`${address}/amd-only:v1`, `${address}/no/such:v2`)}` },
    { platforms: [ARM64], tags: ['test:v2'] },
  );
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof SealerError);
    assert.equal(error.code, 'IMAGES_MISSING');
    assert.deepEqual(
      error.problems.map(({ at }) => at?.line),
      [10, 12],
    );
    assert.ok(error.problems.every(({ at }) => at?.file.endsWith('context/deploy/b.yaml')));
    return true;
  });
  assert.deepEqual(
    (await setting.store.names()).map(({ name }) => name),
    ['docker.io/library/test:v1'],
  );
});

test('--save-images=false leaves the images out', async () => {
  await using setting = await openSetting();
  const files = { Kubefile: 'FROM scratch\nCOPY a.yaml manifests/\n', 'a.yaml': pod('registry.invalid/x:v1') };
  const result = await setting.build(files, { saveImages: false });
  assert.deepEqual(result.platforms[0]?.images, []);
  assert.deepEqual(parseContainerImages(await setting.manifest(result)), []);
});

test('a manifest that cannot be read fails the build at its line in the context', async () => {
  await using setting = await openSetting();
  const work = setting.build({ Kubefile: 'FROM scratch\nCOPY m /manifests\n', 'm/bad.yaml': 'a: [1\nb: {\n' });
  await assert.rejects(work, (error) => {
    assert.ok(error instanceof SealerError);
    assert.equal(error.code, 'MANIFEST_UNREADABLE');
    return error.at?.file.endsWith('context/m/bad.yaml') === true;
  });
});
