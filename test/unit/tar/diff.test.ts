import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { diffTree, snapshotTree } from '../../../src/oci/tar/index.ts';
import { temporaryFolder } from './temporary.ts';

/** What a command would add to a layer. */
async function changesOf(t: TestContext, command: (root: string) => void): Promise<string[]> {
  const root = await temporaryFolder(t);
  for (const folder of ['d', 'd/e', 'empty']) mkdirSync(join(root, folder));
  for (const file of ['a', 'd/b', 'd/e/c']) writeFileSync(join(root, file), file);
  symlinkSync('a', join(root, 'link'));
  const before = await snapshotTree(root);
  command(root);
  const entries = await diffTree(root, before);
  return entries.map(({ path, type, linkname }) =>
    [type, path, ...(linkname === undefined ? [] : [linkname])].join(' '),
  );
}

test('nothing changed, nothing in the layer', async (t) => {
  assert.deepEqual(await changesOf(t, (root) => void readFileSync(join(root, 'a'))), []);
});

test('a new file is there without the folders above it', async (t) => {
  assert.deepEqual(await changesOf(t, (root) => writeFileSync(join(root, 'd/e/new'), '')), ['file d/e/new']);
});

test('a file that came and went leaves no trace', async (t) => {
  const changes = await changesOf(t, (root) => {
    writeFileSync(join(root, 'd/tmp'), '');
    unlinkSync(join(root, 'd/tmp'));
  });
  assert.deepEqual(changes, []);
});

test('a change of content is seen although size and time are as before', async (t) => {
  const changes = await changesOf(t, (root) => {
    const { atime, mtime } = statSync(join(root, 'a'));
    writeFileSync(join(root, 'a'), 'A');
    utimesSync(join(root, 'a'), atime, mtime);
  });
  assert.deepEqual(changes, ['file a']);
});

test('a change right after the snapshot is seen', async (t) => {
  const root = await temporaryFolder(t);
  for (let i = 0; i < 5; i++) {
    writeFileSync(join(root, 'a'), String(i));
    const before = await snapshotTree(root);
    writeFileSync(join(root, 'a'), String(i + 1));
    assert.equal((await diffTree(root, before)).length, 1);
  }
});

test('changed modes are there, of folders too', async (t) => {
  const changes = await changesOf(t, (root) => {
    chmodSync(join(root, 'a'), 0o500);
    // No umask gives this one.
    chmodSync(join(root, 'd'), 0o1500);
  });
  assert.deepEqual(changes, ['file a', 'directory d']);
});

test('a file that takes the place of another is there', async (t) => {
  const changes = await changesOf(t, (root) => renameSync(join(root, 'd/b'), join(root, 'a')));
  assert.deepEqual(changes, ['file a', 'file d/.wh.b']);
});

test('a folder that is gone needs one whiteout', async (t) => {
  assert.deepEqual(await changesOf(t, (root) => rmSync(join(root, 'd'), { recursive: true })), ['file .wh.d']);
});

test('a file in place of a folder needs no whiteout of what was in it', async (t) => {
  const changes = await changesOf(t, (root) => {
    rmSync(join(root, 'd'), { recursive: true });
    writeFileSync(join(root, 'd'), '');
  });
  assert.deepEqual(changes, ['file d']);
});

test('a folder in place of a symlink is there with what it holds', async (t) => {
  const changes = await changesOf(t, (root) => {
    unlinkSync(join(root, 'link'));
    mkdirSync(join(root, 'link'));
    writeFileSync(join(root, 'link/f'), '');
  });
  assert.deepEqual(changes, ['directory link', 'file link/f']);
});

test('a folder that was emptied keeps itself', async (t) => {
  assert.deepEqual(await changesOf(t, (root) => rmSync(join(root, 'd/e/c'))), ['file d/e/.wh.c']);
});

test('a symlink that leads elsewhere is there', async (t) => {
  const changes = await changesOf(t, (root) => {
    unlinkSync(join(root, 'link'));
    symlinkSync('b', join(root, 'link'));
  });
  assert.deepEqual(changes, ['symlink link b']);
});

test('a new name of an old file comes with the file, so that the link has its target in the layer', async (t) => {
  const changes = await changesOf(t, (root) => linkSync(join(root, 'd/b'), join(root, 'z')));
  assert.deepEqual(changes, ['file d/b', 'hardlink z d/b']);
});
