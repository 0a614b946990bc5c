import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileTree, type ListedFile } from '../../../src/inspect-page/file-tree.ts';
import type { FileNode } from '../../../src/inspect-page/model.ts';

const ROOM = 1_000_000;

function file(path: string, size: number, parts: Partial<ListedFile> = {}): ListedFile {
  return { path, type: 'file', size, ...parts };
}

/** Files and folders of a tree, those that it only counts included. */
function countOf(nodes: readonly FileNode[], rest: readonly number[] = []): number {
  return nodes.reduce((sum, { c = [], r = [] }) => sum + 1 + countOf(c, r), rest[0] ?? 0);
}

suite('the tree of files', () => {
  test('has folders with the sums of what is in them, the largest first', () => {
    const { content } = fileTree([file('a/b/x', 5), file('a/y', 7), file('z', 20), file('a/b/w', 6)], ROOM);
    assert.deepEqual(content, [
      { n: 'z', s: 20 },
      {
        ...{ n: 'a', s: 18 },
        c: [
          {
            n: 'b',
            s: 11,
            c: [
              { n: 'w', s: 6 },
              { n: 'x', s: 5 },
            ],
          },
          { n: 'y', s: 7 },
        ],
      },
    ]);
  });

  test('tells links, digests, empty folders and what a layer removes', () => {
    const { content } = fileTree(
      [
        file('a', 3, { digest: 'ab'.repeat(32) }),
        file('l', 0, { type: 'symlink', linkname: '../x' }),
        file('e', 0, { type: 'directory' }),
        file('gone', 0, { type: 'removed' }),
      ],
      ROOM,
    );
    assert.deepEqual(content, [
      { n: 'a', s: 3, d: 'abababababababab' },
      { n: 'e', s: 0, c: [] },
      { n: 'gone', s: 0, x: 1 },
      { n: 'l', s: 0, l: '../x' },
    ]);
  });

  test('of a hundred thousand files keeps within its budget, opens what weighs most, and counts the others', () => {
    const files = Array.from({ length: 100_000 }, (_, i) =>
      file(`usr/lib/${i % 300}/sub-${i % 7}/file-${i}.so`, (i * 7919) % 100_000, { digest: 'c'.repeat(64) }),
    );
    const tree = fileTree(files, 1_000_000);
    const json = JSON.stringify(tree);
    assert.ok(json.length < 1_100_000, String(json.length));
    assert.ok(json.length > 500_000, `${json.length}: the room is used`);
    const folders = 2 + 300 + 300 * 7;
    assert.equal(countOf(tree.content, tree.rest), files.length + folders);
    const sum = files.reduce((total, { size }) => total + size, 0);
    assert.equal(tree.content[0]?.s, sum);
  });

  test('lists a thousand siblings at most, and counts the others with their bytes', () => {
    const files = Array.from({ length: 2500 }, (_, i) => file(`f${i}`, i));
    const { content, rest } = fileTree(files, ROOM);
    assert.equal(content.length, 1000);
    assert.equal(content[0]?.n, 'f2499');
    assert.deepEqual(rest, [1500, (1499 * 1500) / 2]);
  });

  test('has room for long names by what they take, and goes as deep as an archive may', () => {
    const long = Array.from({ length: 1000 }, (_, i) => file(`${'\u0001'.repeat(200)}${i}`, 1));
    assert.ok(JSON.stringify(fileTree(long, 50_000)).length < 60_000);
    const deep = fileTree([file(`${'d/'.repeat(2000)}x`, 1)], ROOM);
    assert.equal(countOf(deep.content), 2001);
    assert.ok(JSON.stringify(deep).length > 2000);
  });

  test('a file that a layer has twice counts once', () => {
    assert.deepEqual(fileTree([file('a', 1), file('a', 2)], ROOM).content, [{ n: 'a', s: 2 }]);
    assert.deepEqual(fileTree([file('__proto__/toString', 1)], ROOM).content[0]?.n, '__proto__');
  });
});
