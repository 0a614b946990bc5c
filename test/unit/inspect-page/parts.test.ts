import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { CarriedContent } from '../../../src/inspect-page/carried-images.ts';
import { listComponents } from '../../../src/inspect-page/components.ts';
import type { LayerFile } from '../../../src/inspect-page/layer-files.ts';
import type { Component } from '../../../src/inspect-page/model.ts';
import { groupWeights } from '../../../src/inspect-page/page/groups.ts';
import { rowsOf, type View } from '../../../src/inspect-page/page/rows.ts';
import { squarify } from '../../../src/inspect-page/page/squarify.ts';
import { weightsOf } from '../../../src/inspect-page/weights.ts';
import { digestOf } from '../../../src/oci/digest.ts';

function image(name: string, blobs: Readonly<Record<string, number>>, license = ''): CarriedContent {
  const entries = Object.entries(blobs).map(([blob, size]) => [digestOf(blob), size] as const);
  const bytes = entries.reduce((sum, [, size]) => sum + size, 0);
  return { name, digest: digestOf(name), bytes, blobs: new Map(entries), license };
}

function file(path: string, size: number, parts: Partial<LayerFile> = {}): LayerFile {
  return { path, type: 'file', size, stored: size / 2, digest: 'd'.repeat(64), isExecutable: false, ...parts };
}

const NOTHING = { containerImageList: [], imageExtension: undefined };

suite('the list of contents', () => {
  test('splits what container images share among them, so that weights add up to what is stored', () => {
    const images = [image('r.test/a:1', { base: 100, a: 10 }, 'MIT'), image('r.test/b:1', { base: 100, b: 30 })];
    const listed = [
      { image: 'r.test/a:1', appName: 'shop' },
      { image: 'r.test/a:1', appName: 'bank' },
      { image: 'r.test/b:1' },
    ];
    const components = listComponents({ ...NOTHING, containerImageList: listed }, images, []);
    assert.deepEqual(
      components.map(({ name, version, app, size, weight, license }) => [name, version, app, size, weight, license]),
      [
        ['r.test/b', '1', '', 130, 80, ''],
        ['r.test/a', '1', 'bank, shop', 110, 60, 'MIT'],
      ],
    );
    assert.equal(
      components.reduce((sum, { weight }) => sum + weight, 0),
      140,
    );
  });

  test('has programs with their digests, and charts with their versions', () => {
    const files = [
      file('bin/tool', 100, { isExecutable: true }),
      file('bin/readme', 5),
      file('application/apps/shop/Chart.yaml', 9, { chart: 'name: shop-chart\nversion: "1.2"\n' }),
      file('charts/bad/Chart.yaml', 9, { chart: 'a: [' }),
      file('charts/odd/Chart.yaml', 9, { chart: '- 1' }),
    ];
    const components = listComponents(NOTHING, [], files);
    assert.deepEqual(
      components.map(({ kind, name, version, app, digest }) => [kind, name, version, app, digest.slice(0, 9)]),
      [
        ['program', 'tool', '', '', 'sha256:dd'],
        ['chart', 'shop-chart', '1.2', 'shop', ''],
      ],
    );
  });

  test('takes names that are no references as they are', () => {
    const [component] = listComponents({ ...NOTHING, containerImageList: [{ image: '</script>`|' }] }, [], []);
    assert.equal(component?.name, '</script>`|');
  });
});

suite('weights', () => {
  test('add up to the image: images, programs, files of apps, other files by layer, and the rest', () => {
    const components = listComponents(
      { ...NOTHING, containerImageList: [{ image: 'r.test/a:1', appName: 'shop' }] },
      [image('r.test/a:1', { a: 100 })],
      [],
    );
    const layers = [
      {
        createdBy: 'COPY . .',
        files: [
          file('bin/tool', 60, { isExecutable: true }),
          file('etc/x', 10),
          file('etc/y', 10),
          file('application/apps/shop/y.yaml', 20),
        ],
      },
    ];
    const weights = weightsOf(components, layers, 155);
    assert.deepEqual(weights, [
      { group: 'shop', name: 'r.test/a:1', bytes: 100 },
      { group: 'programs', name: 'tool', bytes: 30 },
      { group: 'other files', name: 'COPY . .', bytes: 10 },
      { group: 'shop', name: 'files of shop', bytes: 10 },
      { group: 'other files', name: 'manifests and links', bytes: 5 },
    ]);
  });

  test('in groups are the heaviest first, with specks put together', () => {
    const specks = Array.from({ length: 50 }, (_, i) => ({ group: 'a', name: `s${i}`, bytes: 1 }));
    const groups = groupWeights([
      ...specks,
      { group: 'a', name: 'big', bytes: 9000 },
      { group: 'b', name: 'c', bytes: 20_000 },
    ]);
    assert.deepEqual(
      groups.map(({ name, bytes }) => [name, bytes]),
      [
        ['b', 20_000],
        ['a', 9050],
      ],
    );
    assert.deepEqual(
      groupWeights([...specks.map((each) => ({ ...each, group: 'tiny' })), { group: 'b', name: 'c', bytes: 1e6 }])[1]
        ?.parts,
      [{ name: 'tiny: 50', bytes: 50, count: 50 }],
    );
    assert.deepEqual(groups[1]?.parts, [
      { name: 'big', bytes: 9000 },
      { name: '50 smaller ones', bytes: 50, count: 50 },
    ]);
  });
});

suite('the areas of the treemap', () => {
  const within = { x: 0, y: 0, width: 600, height: 400 };

  test('are as large as their parts, inside, and next to each other', () => {
    const areas = [6, 6, 4, 3, 2, 2, 1];
    const placed = squarify(areas, within);
    const scale = (600 * 400) / 24;
    for (const [i, { x, y, width, height }] of placed.entries()) {
      assert.ok(Math.abs(width * height - (areas[i] ?? 0) * scale) < 1e-6);
      assert.ok(x >= 0 && y >= 0 && x + width <= 600.001 && y + height <= 400.001);
      for (const other of placed.slice(i + 1)) {
        const overlap =
          Math.min(x + width, other.x + other.width) - Math.max(x, other.x) > 1e-6 &&
          Math.min(y + height, other.y + other.height) - Math.max(y, other.y) > 1e-6;
        assert.ok(!overlap);
      }
    }
  });

  test('are near to squares, and the example of the paper comes out as printed there', () => {
    const placed = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
    assert.deepEqual(placed[0], { x: 0, y: 0, width: 3, height: 2 });
    assert.deepEqual(placed[1], { x: 0, y: 2, width: 3, height: 2 });
    const many = squarify(
      Array.from({ length: 500 }, (_, i) => 500 - i),
      within,
    );
    const ratios = many.map(({ width, height }) => Math.max(width / height, height / width));
    assert.ok(ratios.filter((ratio) => ratio < 2).length > 450);
  });

  test('of nothing are none', () => {
    assert.deepEqual(squarify([], within), []);
    assert.deepEqual(squarify([1], { x: 0, y: 0, width: 0, height: 0 }), [{ x: 0, y: 0, width: 0, height: 0 }]);
  });
});

suite('the search', () => {
  const rows: readonly Component[] = [
    { kind: 'image', name: 'r.test/web', version: '1.10', app: 'shop, bank', digest: 'sha256:ab', size: 5 },
    { kind: 'image', name: 'r.test/web', version: '1.9', app: 'shop', digest: 'sha256:cd', size: 5 },
    { kind: 'program', name: 'kubelet', version: '', app: '', digest: 'sha256:ef', size: 50 },
    { kind: 'app', name: 'shop', version: 'v1', app: 'shop', digest: '', size: undefined },
  ].map(
    (row) =>
      ({ ...row, weight: 0, license: row.name === 'kubelet' ? 'Apache-2.0' : '', place: 'somewhere' }) as Component,
  );
  const view: View = { query: '', kind: undefined, app: undefined, sort: 'name', isDescending: false };
  const names = (change: Partial<View>) =>
    rowsOf(rows, { ...view, ...change }).map(({ name, version }) => `${name} ${version}`);

  test('takes every word, in names, tags, digests and licences, in any case', () => {
    assert.deepEqual(names({ query: '  WEB  1.9' }), ['r.test/web 1.9']);
    assert.deepEqual(names({ query: 'web:1.10' }), ['r.test/web 1.10']);
    assert.deepEqual(names({ query: 'sha256:ef' }), ['kubelet ']);
    assert.deepEqual(names({ query: 'apache' }), ['kubelet ']);
    assert.deepEqual(names({ query: '.*' }), []);
  });

  test('filters by kind and by one of several apps, and sorts versions as numbers', () => {
    assert.deepEqual(names({ kind: 'image' }), ['r.test/web 1.9', 'r.test/web 1.10']);
    assert.deepEqual(names({ app: 'bank' }), ['r.test/web 1.10']);
    assert.deepEqual(names({ sort: 'size', isDescending: true })[0], 'kubelet ');
    assert.deepEqual(names({ sort: 'size', isDescending: true }).at(-1), 'shop v1');
  });
});
