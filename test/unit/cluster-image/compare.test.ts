import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import {
  type Comparable,
  compareImages,
  type InspectedImage,
  parseExtension,
} from '../../../src/cluster-image/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';

function image(name: string, content = name): InspectedImage {
  return { image: name, digest: digestOf(content), size: 10 };
}

function clusterImage(
  name: string,
  parts: Partial<Comparable> & { readonly blobs?: Record<string, number> },
): Comparable {
  const layers = Object.entries(parts.blobs ?? {}).map(([blob, size]) => ({
    ...{ digest: digestOf(blob), size, mediaType: 'x/y', kind: 'images' as const },
  }));
  return {
    ...{ name, digest: digestOf(name), containerImageList: [], imageExtension: undefined },
    ...{ layers, size: layers.reduce((sum, { size }) => sum + size, 0) },
    ...parts,
  };
}

suite('two cluster images', () => {
  test('that are the same differ in nothing, and nothing has to move', () => {
    const one = clusterImage('shop:v1', { blobs: { a: 5 }, containerImageList: [image('r/web:1')] });
    const { images, layers, bytesToMove } = compareImages(one, { ...one, name: 'shop:v2' });
    assert.deepEqual(images, { added: [], removed: [], changed: [], same: 1 });
    assert.deepEqual(layers, { added: [], removed: [], kept: 1, keptBytes: 5 });
    assert.equal(bytesToMove, 0);
  });

  test('move each layer that the old one lacks, once', () => {
    const from = clusterImage('a', { blobs: { base: 100, old: 30 } });
    const to = clusterImage('b', { blobs: { base: 100, new: 7 } });
    const twice = { ...to, layers: [...to.layers, ...to.layers] };
    const { layers, bytesToMove } = compareImages(from, twice);
    assert.equal(bytesToMove, 7);
    assert.deepEqual(
      layers.added.map(({ size }) => size),
      [7],
    );
    assert.deepEqual(
      layers.removed.map(({ size }) => size),
      [30],
    );
    assert.equal(layers.keptBytes, 100);
  });

  test('tell a changed image (another tag or digest of a repository) from an added and a removed one', () => {
    const from = clusterImage('a', {
      containerImageList: [image('r/web:1'), image('r/db:16', 'old'), image('r/gone:1'), image('r/same:1')],
    });
    const to = clusterImage('b', {
      containerImageList: [image('r/web:2'), image('r/db:16', 'new'), image('r/come:1'), image('r/same:1')],
    });
    const { images } = compareImages(from, to);
    assert.deepEqual(
      images.changed.map(({ from, to }) => [from.image, to.image]),
      [
        ['r/db:16', 'r/db:16'],
        ['r/web:1', 'r/web:2'],
      ],
    );
    assert.deepEqual(
      images.added.map((each) => each.image),
      ['r/come:1'],
    );
    assert.deepEqual(
      images.removed.map((each) => each.image),
      ['r/gone:1'],
    );
    assert.equal(images.same, 1);
  });

  test('pair tags of one repository that are in both first, and the others in order', () => {
    const from = clusterImage('a', { containerImageList: [image('r/x:1'), image('r/x:2', 'old')] });
    const to = clusterImage('b', {
      containerImageList: [image('r/x:2', 'new'), image('r/x:3'), image('r/x:4')],
    });
    const { images } = compareImages(from, to);
    assert.deepEqual(
      images.changed.map(({ from, to }) => [from.image, to.image]),
      [
        ['r/x:2', 'r/x:2'],
        ['r/x:1', 'r/x:3'],
      ],
    );
    assert.deepEqual(
      images.added.map((each) => each.image),
      ['r/x:4'],
    );
  });

  test('name apps that came, went, or have another version', () => {
    const withApps = (...apps: string[]) =>
      parseExtension({
        annotations: {
          'sealer.image.extension': JSON.stringify({
            applications: apps.map((app) => ({ name: app.split('@')[0], version: app.split('@')[1] })),
          }),
        },
      });
    const from = clusterImage('a', { imageExtension: withApps('shop@v1', 'old@v1') });
    const to = clusterImage('b', { imageExtension: withApps('shop@v2', 'new@v1') });
    assert.deepEqual(compareImages(from, to).apps, {
      added: ['new'],
      removed: ['old'],
      changed: [{ name: 'shop', from: 'v1', to: 'v2' }],
    });
  });

  test('of other tools, with names that are no references, are compared by these names', () => {
    const from = clusterImage('a', { containerImageList: [{ image: '</script> `x` | y' }, { image: 'B AD' }] });
    const to = clusterImage('b', { containerImageList: [{ image: '</script> `x` | y' }] });
    const { images } = compareImages(from, to);
    assert.equal(images.same, 1);
    assert.deepEqual(images.removed, [{ image: 'B AD' }]);
  });
});
