import assert from 'node:assert/strict';
import { chmodSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { isTarArchive, unpackArchive, unpackLayer } from '../../../src/oci/tar/index.ts';
import { asNobody } from '../../lab/as-nobody.ts';
import { type CraftedMember, craft, streamOf } from './craft.ts';
import { temporaryFolder } from './temporary.ts';

/** Applies layers one after another, and says what is there then. */
async function apply(t: TestContext, ...layers: readonly (readonly CraftedMember[])[]): Promise<string> {
  const root = join(await temporaryFolder(t), 'root');
  for (const members of layers) await unpackLayer(streamOf(craft(...members)), root);
  return root;
}

function listOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).sort();
}

const file = (name: string, content = name): CraftedMember => ({ name, content });
const folder = (name: string, mode = 0o755): CraftedMember => ({ name: `${name}/`, flag: '5', mode });

test('content, modes, times and links are as the archive says', async (t) => {
  const root = await apply(t, [
    { ...folder('bin', 0o751), mtime: 1000 },
    { name: 'bin/run', content: 'x', mode: 0o4755, mtime: 1234 },
    { name: 'bin/same', flag: '1', link: 'bin/run' },
    { name: 'sh', flag: '2', link: '/bin/run', mtime: 99 },
  ]);
  const run = lstatSync(join(root, 'bin/run'));
  assert.deepEqual([run.mode & 0o7777, run.mtimeMs, run.nlink], [0o4755, 1_234_000, 2]);
  assert.equal(lstatSync(join(root, 'bin/same')).ino, run.ino);
  const bin = lstatSync(join(root, 'bin'));
  assert.deepEqual([bin.mode & 0o7777, bin.mtimeMs], [0o751, 1_000_000]);
  assert.equal(readlinkSync(join(root, 'sh')), '/bin/run');
  assert.equal(lstatSync(join(root, 'sh')).mtimeMs, 99_000);
});

test('folders without permissions take their files all the same, and lose the permissions afterwards', async (t) => {
  const root = await apply(t, [folder('closed', 0o000), folder('closed/in', 0o555), file('closed/in/file')]);
  assert.equal(lstatSync(join(root, 'closed')).mode & 0o777, 0);
  chmodSync(join(root, 'closed'), 0o755);
  assert.equal(lstatSync(join(root, 'closed/in')).mode & 0o777, 0o555);
  assert.equal(readFileSync(join(root, 'closed/in/file'), 'utf8'), 'closed/in/file');
});

test('a later layer writes into, and removes from, folders that an earlier one closed', async (t) => {
  const root = await apply(
    t,
    [folder('closed', 0o555), file('closed/old'), file('closed/other')],
    [file('closed/new'), file('closed/.wh.old')],
  );
  assert.deepEqual(listOf(root), ['closed', 'closed/new', 'closed/other']);
  assert.equal(lstatSync(join(root, 'closed')).mode & 0o777, 0o555);
});

test('a whiteout removes a file, or a folder with all it holds, and leaves no trace', async (t) => {
  const root = await apply(
    t,
    [file('a'), folder('d'), file('d/e/f'), file('keep')],
    [file('.wh.a', ''), file('.wh.d', ''), file('.wh.never-there', ''), file('no/such/.wh.folder', '')],
  );
  assert.deepEqual(listOf(root), ['keep']);
});

test('a whiteout is about lower layers only, wherever it stands in its own', async (t) => {
  for (const order of [0, 1]) {
    const upper = [file('d/.wh.a', ''), file('d/a', 'new')];
    const root = await apply(t, [file('d/a', 'old')], order === 0 ? upper : upper.toReversed());
    assert.equal(readFileSync(join(root, 'd/a'), 'utf8'), 'new');
  }
});

test('an opaque folder shows only its own layer, wherever the marker stands', async (t) => {
  const lower = [folder('d'), file('d/old'), file('d/sub/old'), file('outside')];
  const marker = file('d/.wh..wh..opq', '');
  const upper = [file('d/new'), file('d/sub/new')];
  for (const layer of [
    [folder('d'), marker, ...upper],
    [...upper, marker],
  ]) {
    const root = await apply(t, lower, layer);
    assert.deepEqual(listOf(root), ['d', 'd/new', 'd/sub', 'd/sub/new', 'outside']);
  }
});

test('an opaque root removes all that lower layers have', async (t) => {
  const root = await apply(t, [file('a'), file('d/b')], [file('.wh..wh..opq', ''), file('c')]);
  assert.deepEqual(listOf(root), ['c']);
});

test('a folder over a folder keeps what it holds; everything else is replaced', async (t) => {
  const root = await apply(
    t,
    [
      folder('d', 0o755),
      file('d/f'),
      file('file'),
      folder('folder'),
      file('folder/f'),
      { name: 'l', flag: '2', link: 'd' },
    ],
    [folder('d', 0o700), folder('file'), file('folder', 'now a file'), folder('l')],
  );
  assert.deepEqual(listOf(root), ['d', 'd/f', 'file', 'folder', 'l']);
  assert.equal(lstatSync(join(root, 'd')).mode & 0o777, 0o700);
  assert.ok(lstatSync(join(root, 'file')).isDirectory());
  assert.equal(readFileSync(join(root, 'folder'), 'utf8'), 'now a file');
  assert.ok(lstatSync(join(root, 'l')).isDirectory());
});

test('a new file in place of a hard link leaves the other names alone', async (t) => {
  const root = await apply(t, [file('a', 'shared'), { name: 'b', flag: '1', link: 'a' }], [file('b', 'own')]);
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'shared');
  assert.equal(readFileSync(join(root, 'b'), 'utf8'), 'own');
});

test('a hard link may lead to a file of a lower layer', async (t) => {
  const root = await apply(t, [file('a', 'shared')], [{ name: 'b', flag: '1', link: 'a' }]);
  assert.equal(readFileSync(join(root, 'b'), 'utf8'), 'shared');
});

test('a hard link to itself changes nothing', async (t) => {
  const root = await apply(t, [file('a', 'kept'), { name: 'a', flag: '1', link: './a' }]);
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'kept');
});

test('of an entry that comes twice the last counts', async (t) => {
  const root = await apply(t, [file('a', 'first'), file('a', 'second')]);
  assert.equal(readFileSync(join(root, 'a'), 'utf8'), 'second');
});

test('files below a symlink of a lower layer go where it leads', async (t) => {
  const root = await apply(
    t,
    [folder('usr/lib'), { name: 'lib', flag: '2', link: 'usr/lib' }, { name: 'abs', flag: '2', link: '/usr' }],
    [file('lib/a'), file('abs/lib/b'), file('lib/.wh.none', '')],
  );
  assert.deepEqual(listOf(join(root, 'usr')), ['lib', 'lib/a', 'lib/b']);
  assert.ok(lstatSync(join(root, 'lib')).isSymbolicLink());
});

test('what aufs left in a layer is not unpacked', async (t) => {
  assert.deepEqual(listOf(await apply(t, [folder('.wh..wh.plnk'), file('.wh..wh.plnk/1.2'), file('a')])), ['a']);
});

test('the pieces that an archive comes in make no difference', async (t) => {
  const members = [
    file('big', 'x'.repeat(3000)),
    folder('d'),
    file('d/small'),
    file('empty', ''),
    file('block', 'y'.repeat(512)),
  ];
  for (const pieceBytes of [1, 100, 511, 512, 513, 5000]) {
    const root = await temporaryFolder(t);
    await unpackLayer(streamOf(craft(...members), pieceBytes), root);
    assert.deepEqual(listOf(root), ['big', 'block', 'd', 'd/small', 'empty']);
    assert.equal(readFileSync(join(root, 'big'), 'utf8'), 'x'.repeat(3000));
  }
});

test('GNU long names and PAX names are read', async (t) => {
  const long = `${'x'.repeat(120)}/${'y'.repeat(120)}`;
  const root = await apply(t, [
    { name: '././@LongLink', flag: 'L', content: `${long}\0` },
    { name: 'cut', content: 'gnu' },
    { name: 'cut', content: 'pax', pax: { path: `${long}-größe`, mtime: '12.75' } },
  ]);
  assert.equal(readFileSync(join(root, long), 'utf8'), 'gnu');
  assert.equal(readFileSync(join(root, `${long}-größe`), 'utf8'), 'pax');
  assert.equal(lstatSync(join(root, `${long}-größe`)).mtimeMs, 12_000);
});

test('archives are unpacked whatever they are compressed with', async (t) => {
  const tar = craft(file('a'));
  const twice = Buffer.concat([gzipSync(tar.subarray(0, 700)), gzipSync(tar.subarray(700))]);
  for (const bytes of [tar, gzipSync(tar), zstdCompressSync(tar), twice]) {
    const root = await temporaryFolder(t);
    await unpackArchive(streamOf(bytes, 3), root);
    assert.deepEqual(listOf(root), ['a']);
  }
});

test('archives are told from other files', async (t) => {
  const root = await temporaryFolder(t);
  const tar = craft(file('a'));
  const files: [string, Buffer, boolean][] = [
    ['tar', tar, true],
    ['tar.gz', gzipSync(tar), true],
    ['tar.zst', zstdCompressSync(tar), true],
    ['text.gz', gzipSync('just text'), false],
    ['zeros', Buffer.alloc(2048), false],
    ['text', Buffer.from('x'.repeat(2000)), false],
    ['empty', Buffer.alloc(0), false],
    ['broken.gz', gzipSync(tar).subarray(0, 20), false],
    ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]), false],
  ];
  for (const [name, bytes, expected] of files) {
    writeFileSync(join(root, name), bytes);
    assert.equal(await isTarArchive(join(root, name)), expected, name);
  }
});

test('what cannot be written is an error with a code', async (t) => {
  const root = await temporaryFolder(t);
  chmodSync(root, 0o755);
  mkdirSync(join(root, 'closed'));
  chmodSync(join(root, 'closed'), 0o555);
  const unpacking = () => unpackLayer(streamOf(craft(file('a'))), join(root, 'closed'));
  await asNobody(() => assert.rejects(unpacking(), { code: 'PERMISSION' }));
});

test('an empty stream is an empty layer', async (t) => {
  const root = await temporaryFolder(t);
  await unpackLayer(Readable.from([]), root);
  assert.deepEqual(listOf(root), []);
});
