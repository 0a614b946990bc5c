import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { comparePaths, walkTree } from '../../../src/oci/tar/index.ts';
import { temporaryFolder } from './temporary.ts';

test('entries are sorted as one walks, by bytes, folders before what they hold', async (t) => {
  const root = await temporaryFolder(t);
  for (const folder of ['a', 'a/z', 'a-b']) mkdirSync(join(root, folder));
  for (const file of ['a.txt', 'a/z/f', 'a-b/f', 'B', '\u{1f389}', '\uff5e', 'é']) writeFileSync(join(root, file), '');
  const paths = (await walkTree(root)).map((entry) => entry.path);
  assert.deepEqual(paths, ['B', 'a', 'a/z', 'a/z/f', 'a-b', 'a-b/f', 'a.txt', 'é', '\uff5e', '\u{1f389}']);
  assert.deepEqual(paths.toReversed().sort(comparePaths), paths);
});

test('files with several names become one file and hard links to it', async (t) => {
  const root = await temporaryFolder(t);
  writeFileSync(join(root, 'b'), 'content');
  linkSync(join(root, 'b'), join(root, 'a'));
  mkdirSync(join(root, 'c'));
  linkSync(join(root, 'b'), join(root, 'c/d'));
  const entries = await walkTree(root, { prefix: 'in/here' });
  assert.deepEqual(
    entries.map(({ path, type, size, linkname }) => [path, type, size, linkname]),
    [
      ['in/here/a', 'file', 7, undefined],
      ['in/here/b', 'hardlink', 0, 'in/here/a'],
      ['in/here/c', 'directory', 0, undefined],
      ['in/here/c/d', 'hardlink', 0, 'in/here/a'],
    ],
  );
});

test('a hard link whose first name is left out is a file itself', async (t) => {
  const root = await temporaryFolder(t);
  writeFileSync(join(root, 'a'), 'content');
  linkSync(join(root, 'a'), join(root, 'b'));
  const entries = await walkTree(root, { filter: (path) => path !== 'a' });
  assert.deepEqual(
    entries.map(({ path, type }) => [path, type]),
    [['b', 'file']],
  );
});

test('symlinks are kept as text, also when they lead to nothing or to the outside', async (t) => {
  const root = await temporaryFolder(t);
  symlinkSync('/etc', join(root, 'absolute'));
  symlinkSync('../../x', join(root, 'dangling'));
  const entries = await walkTree(root);
  assert.deepEqual(
    entries.map(({ type, linkname }) => [type, linkname]),
    [
      ['symlink', '/etc'],
      ['symlink', '../../x'],
    ],
  );
});

test('portable modes and a fixed time are the same under every umask', async (t) => {
  const root = await temporaryFolder(t);
  mkdirSync(join(root, 'd'));
  for (const [name, mode] of [
    ['d', 0o700],
    ['run', 0o700],
    ['text', 0o600],
    ['text-group', 0o664],
  ] as const) {
    if (name !== 'd') writeFileSync(join(root, name), '');
    chmodSync(join(root, name), mode);
  }
  const entries = await walkTree(root, { modes: 'portable', mtime: 7 });
  assert.deepEqual(
    entries.map(({ path, mode, mtime }) => [path, mode, mtime]),
    [
      ['d', 0o755, 7],
      ['run', 0o755, 7],
      ['text', 0o644, 7],
      ['text-group', 0o644, 7],
    ],
  );
});

test('kept modes and times are the files’ own', async (t) => {
  const root = await temporaryFolder(t);
  writeFileSync(join(root, 'file'), '');
  chmodSync(join(root, 'file'), 0o4711);
  utimesSync(join(root, 'file'), 1234.9, 1234.9);
  const [entry] = await walkTree(root);
  assert.deepEqual([entry?.mode, entry?.mtime], [0o4711, 1234]);
});

test('a filter leaves out a folder with all it holds, or keeps it only for what is taken inside', async (t) => {
  const root = await temporaryFolder(t);
  for (const folder of ['out', 'maybe', 'empty']) mkdirSync(join(root, folder));
  for (const file of ['out/f', 'maybe/yes', 'maybe/no', 'empty/no']) writeFileSync(join(root, file), '');
  const entries = await walkTree(root, {
    filter: (path, isDirectory) => (isDirectory ? path !== 'out' && 'inside' : path.endsWith('yes')),
  });
  assert.deepEqual(
    entries.map((entry) => entry.path),
    ['maybe', 'maybe/yes'],
  );
});

test('a single file takes the prefix as its path', async (t) => {
  const root = await temporaryFolder(t);
  writeFileSync(join(root, 'file'), 'x');
  const entries = await walkTree(join(root, 'file'), { prefix: 'etc/config' });
  assert.deepEqual(
    entries.map(({ path, type }) => [path, type]),
    [['etc/config', 'file']],
  );
});

test('a socket is an error that names it, or is left out with a note', async (t) => {
  const root = await temporaryFolder(t);
  const server = createServer().listen(join(root, 'socket'));
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => server.close());
  await assert.rejects(walkTree(root), { code: 'CANNOT_PACK', message: /socket is a socket/ });
  const skipped: string[] = [];
  assert.deepEqual(await walkTree(root, { onSkipped: (path, kind) => skipped.push(`${path}: ${kind}`) }), []);
  assert.deepEqual(skipped, ['socket: socket']);
});

test('names that layers reserve cannot be packed', async (t) => {
  const root = await temporaryFolder(t);
  writeFileSync(join(root, '.wh.file'), '');
  await assert.rejects(walkTree(root), { code: 'CANNOT_PACK' });
  assert.deepEqual(await walkTree(root, { filter: () => false }), []);
});

test('names that are not UTF-8 cannot be packed', async (t) => {
  const root = await temporaryFolder(t);
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0x66, 0xff])]), '');
  await assert.rejects(walkTree(root), { code: 'CANNOT_PACK', message: /UTF-8/ });
});
