import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type IndexEntry, type LayerIndex, Tree } from '../../../src/oci/tree/index.ts';

interface Layer {
  readonly files?: readonly string[];
  readonly folders?: readonly string[];
  readonly links?: Readonly<Record<string, string>>;
  readonly hardlinks?: Readonly<Record<string, string>>;
  readonly whiteouts?: readonly string[];
  readonly opaques?: readonly string[];
}

function merge(...layers: readonly Layer[]): Tree {
  return Tree.merge(layers.map(indexOf));
}

function indexOf({
  files = [],
  folders = [],
  links = {},
  hardlinks = {},
  whiteouts = [],
  opaques = [],
}: Layer): LayerIndex {
  const entry = (path: string, type: IndexEntry['type'], linkname?: string): IndexEntry => ({
    path,
    type,
    mode: 0o644,
    size: type === 'file' ? path.length : 0,
    ...(linkname === undefined ? {} : { linkname }),
  });
  return {
    entries: [
      ...folders.map((path) => entry(path, 'directory')),
      ...files.map((path) => entry(path, 'file')),
      ...Object.entries(links).map(([path, link]) => entry(path, 'symlink', link)),
      ...Object.entries(hardlinks).map(([path, link]) => entry(path, 'hardlink', link)),
    ],
    whiteouts,
    opaques,
  };
}

const pathsOf = (tree: Tree) => [...tree.list()].map((entry) => entry.path);

test('layers lie over one another, and entries know their layer', () => {
  const tree = merge({ files: ['d/a', 'd/b'] }, { files: ['d/b', 'c'] });
  assert.deepEqual(pathsOf(tree), ['c', 'd', 'd/a', 'd/b']);
  assert.deepEqual([tree.get('d/a')?.layer, tree.get('d/b')?.layer, tree.get('d')?.layer], [0, 1, -1]);
});

test('whiteouts and opaque folders hide what is below, and nothing of their own layer', () => {
  const lower = { folders: ['d'], files: ['a', 'd/old', 'e/f/g'] };
  assert.deepEqual(pathsOf(merge(lower, { whiteouts: ['a', 'e', 'none/such'] })), ['d', 'd/old']);
  const opaque = merge(lower, { opaques: ['d'], whiteouts: ['a'], files: ['d/new', 'a'] });
  assert.deepEqual(pathsOf(opaque), ['a', 'd', 'd/new', 'e', 'e/f', 'e/f/g']);
  assert.deepEqual(pathsOf(merge(lower, { opaques: [''], files: ['only'] })), ['only']);
});

test('a folder over a folder keeps what it holds; everything else is replaced', () => {
  const lower = { folders: ['d'], files: ['d/f', 'x', 'y/f'] };
  const tree = merge(lower, { folders: ['d', 'x'], files: ['y'] });
  assert.deepEqual(pathsOf(tree), ['d', 'd/f', 'x', 'y']);
  assert.equal(tree.get('y')?.type, 'file');
  assert.equal(tree.get('x')?.type, 'directory');
  assert.equal(tree.get('d')?.layer, 1);
});

test('symlinks are followed inside the root', () => {
  const tree = merge({
    files: ['usr/lib/so'],
    links: { lib: 'usr/lib', abs: '/lib/so', up: '../../../usr', dir: 'up/lib/.' },
  });
  assert.equal(tree.resolve('lib/so'), 'usr/lib/so');
  assert.equal(tree.resolve('/abs'), 'usr/lib/so');
  assert.equal(tree.resolve('up/../up/lib'), 'usr/lib');
  assert.equal(tree.resolve('dir/none/../new'), 'usr/lib/new');
  assert.equal(tree.resolve('../../usr'), 'usr');
  assert.equal(tree.get('lib')?.type, 'symlink');
  assert.equal(tree.get('lib/so')?.type, 'file');
  assert.ok(tree.isDirectory('lib'));
  assert.ok(tree.isDirectory(''));
  assert.ok(!tree.isDirectory('abs'));
  assert.ok(!tree.isDirectory('none'));
});

test('symlinks in circles end', () => {
  const tree = merge({ links: { a: 'b', b: 'a' } });
  assert.throws(() => tree.resolve('a'), { code: 'UNSAFE_ARCHIVE' });
  assert.equal(tree.get('a')?.type, 'symlink');
});

test('files below a symlink of a lower layer are where it leads', () => {
  const tree = merge(
    { folders: ['usr/lib'], links: { lib: '/usr/lib' } },
    { files: ['lib/so'] },
    { whiteouts: ['lib/so'] },
  );
  assert.deepEqual(pathsOf(tree), ['lib', 'usr', 'usr/lib']);
  const two = merge({ folders: ['usr/lib'], links: { lib: '/usr/lib' } }, { files: ['lib/so'] });
  assert.equal(two.get('usr/lib/so')?.origin?.path, 'lib/so');
});

test('a hard link keeps the content that its target had when it was made', () => {
  const tree = merge({ files: ['a'] }, { hardlinks: { b: 'a' } }, { files: ['a'] });
  assert.deepEqual(tree.get('b')?.origin, { layer: 0, path: 'a', size: 1 });
  assert.deepEqual(tree.get('a')?.origin, { layer: 2, path: 'a', size: 1 });
});
