import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CopyEntry,
  type CopyPlan,
  type CopySource,
  cleanDestination,
  type LowerTree,
  planCopy,
} from '../../../src/build/instructions/destination.ts';
import { SealerError } from '../../../src/error.ts';

const at = { file: 'Kubefile', line: 1 };

/** Paths ending in a slash are folders; `a -> b` is a link. */
function lowerTree(...paths: string[]): LowerTree {
  const nodes = new Map<string, { type: CopyEntry['type']; mode: number; target?: string }>();
  for (const path of paths) {
    const [name = '', target] = path.split(' -> ');
    if (target !== undefined) nodes.set(name, { type: 'symlink', mode: 0o777, target });
    else if (name.endsWith('/'))
      nodes.set(name.slice(0, -1), { type: 'directory', mode: name.startsWith('tmp') ? 0o1777 : 0o755 });
    else nodes.set(name, { type: 'file', mode: 0o644 });
  }
  const resolve = (path: string): string => {
    const target = nodes.get(path)?.target;
    return target === undefined ? path : resolve(target);
  };
  return {
    get: (path) => nodes.get(path),
    resolve,
    isDirectory: (path) => path === '' || nodes.get(path)?.type === 'directory',
  };
}

function file(name: string): CopySource {
  return { name, isDirectory: false, entries: [{ path: '', type: 'file', mode: 0o644, size: 1 }] };
}

function folder(name: string, ...paths: string[]): CopySource {
  const entries = ['/', ...paths].map((path): CopyEntry => {
    const isFolder = path.endsWith('/');
    return {
      path: isFolder ? path.slice(0, -1) : path,
      type: isFolder ? 'directory' : 'file',
      mode: isFolder ? 0o755 : 0o644,
      size: 0,
    };
  });
  return { name, isDirectory: true, entries };
}

function plan(
  destination: string,
  sources: CopySource[],
  lower = lowerTree(),
  options: Partial<CopyPlan> = {},
): string[] {
  const entries = planCopy({ sources, destination, workdir: '/', sourceCount: sources.length, at, ...options }, lower);
  return entries.map(({ path, type }) => (type === 'directory' ? `${path}/` : path));
}

function refused(work: () => unknown): void {
  assert.throws(
    work,
    (error) => error instanceof SealerError && error.code === 'BAD_DESTINATION' && error.hint !== undefined,
  );
}

test('a file goes to its destination, or into it if that ends in a slash or is a folder', () => {
  assert.deepEqual(plan('b', [file('a')]), ['b']);
  assert.deepEqual(plan('b/', [file('a')]), ['b/', 'b/a']);
  assert.deepEqual(plan('b', [file('a')], lowerTree('b/')), ['b/', 'b/a']);
  assert.deepEqual(plan('.', [file('a')]), ['a']);
});

test("a folder's contents go to the destination, not the folder itself", () => {
  assert.deepEqual(plan('/opt/x', [folder('src', 'a', 'sub/', 'sub/b')]), [
    'opt/',
    'opt/x/',
    'opt/x/a',
    'opt/x/sub/',
    'opt/x/sub/b',
  ]);
  assert.deepEqual(plan('/', [folder('src', 'a')]), ['a']);
});

test('several sources need a folder to go to', () => {
  refused(() => plan('b', [file('a'), file('c')]));
  refused(() => plan('b', [file('a')], lowerTree(), { sourceCount: 2 }));
  assert.deepEqual(plan('b', [file('a'), file('c')], lowerTree('b/')), ['b/', 'b/a', 'b/c']);
});

test('a relative destination starts at the working directory, and none leaves the root', () => {
  assert.deepEqual(plan('b', [file('a')], lowerTree(), { workdir: '/opt' }), ['opt/', 'opt/b']);
  assert.deepEqual(plan('../../../b', [file('a')], lowerTree(), { workdir: '/opt' }), ['b']);
  assert.equal(cleanDestination('/a/b', '../c'), 'a/c');
});

test('a destination that is a link to a folder is that folder', () => {
  assert.deepEqual(plan('/lib', [file('a')], lowerTree('usr/', 'usr/lib/', 'lib -> usr/lib')), [
    'usr/',
    'usr/lib/',
    'usr/lib/a',
  ]);
});

test('a layer is the same whether or not its parents are there already', () => {
  assert.deepEqual(plan('/a/b/c', [file('x')]), plan('/a/b/c', [file('x')], lowerTree('a/', 'a/b/')));
});

test('a folder below that has a mode of its own keeps it', () => {
  assert.deepEqual(plan('/tmp/x', [file('x')], lowerTree('tmp/')), ['tmp/x']);
  assert.deepEqual(plan('/', [folder('src', 'tmp/', 'tmp/x')], lowerTree('tmp/')), ['tmp/x']);
});

test('no file replaces a folder and no folder a file', () => {
  refused(() => plan('/', [folder('src', 'a')], lowerTree('a/')));
  refused(() => plan('/', [folder('src', 'a/', 'a/b')], lowerTree('a')));
  refused(() => plan('/a/b', [file('x')], lowerTree('a')));
  refused(() => plan('/a/', [file('x')], lowerTree('a')));
  refused(() => plan('/', [folder('s', 'a'), folder('t', 'a/', 'a/b')]));
});

test('a hard link follows its target into the destination', () => {
  const source: CopySource = {
    name: '',
    isDirectory: true,
    entries: [
      { path: 'a', type: 'file', mode: 0o644, size: 1 },
      { path: 'b', type: 'hardlink', mode: 0o644, size: 0, linkname: 'a' },
    ],
  };
  const entries = planCopy({ sources: [source], destination: '/opt', workdir: '/', sourceCount: 1, at }, lowerTree());
  assert.equal(entries.find(({ path }) => path === 'opt/b')?.linkname, 'opt/a');
});
