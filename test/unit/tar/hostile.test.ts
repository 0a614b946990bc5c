import assert from 'node:assert/strict';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type ReadOptions, readEntries, unpackArchive, unpackLayer } from '../../../src/oci/tar/index.ts';
import { type CraftedMember, craft, craftMembers, streamOf } from './craft.ts';
import { temporaryFolder } from './temporary.ts';

/** A folder to unpack into, and beside it the file that an attack is after. */
async function target(t: TestContext): Promise<{ root: string; outside: string }> {
  const folder = await temporaryFolder(t);
  mkdirSync(join(folder, 'root'));
  mkdirSync(join(folder, 'outside'));
  writeFileSync(join(folder, 'outside', 'victim'), 'untouched');
  return { root: join(folder, 'root'), outside: join(folder, 'outside') };
}

function assertUntouched(outside: string): void {
  assert.deepEqual(readdirSync(outside), ['victim']);
  assert.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'untouched');
}

async function refuses(
  t: TestContext,
  code: string,
  archive: Buffer | ((outside: string) => Buffer),
  options: ReadOptions = {},
): Promise<void> {
  const { root, outside } = await target(t);
  const bytes = typeof archive === 'function' ? archive(outside) : archive;
  await assert.rejects(unpackLayer(streamOf(bytes), root, options), { code });
  await assert.rejects(unpackArchive(streamOf(bytes), join(root, 'again'), options), { code });
  assertUntouched(outside);
}

const attacks: readonly (readonly [string, string, ...CraftedMember[]])[] = [
  ['a name with .. is refused (zip slip)', 'UNSAFE_ARCHIVE', { name: '../outside/victim', content: 'x' }],
  ['a name with .. in its middle is refused', 'UNSAFE_ARCHIVE', { name: 'a/../../outside/victim', content: 'x' }],
  ['a PAX name with .. is refused', 'UNSAFE_ARCHIVE', { name: 'ok', content: 'x', pax: { path: '../outside/victim' } }],
  ['a folder named .. is refused', 'UNSAFE_ARCHIVE', { name: '..', flag: '5', mode: 0o777 }],
  ['a PAX name with a NUL is refused', 'UNSAFE_ARCHIVE', { name: 'ok', pax: { path: 'safe\0/../../x' } }],
  ['a hard link to .. is refused', 'UNSAFE_ARCHIVE', { name: 'a', flag: '1', link: '../outside/victim' }],
  ['a hard link to the root is refused', 'UNSAFE_ARCHIVE', { name: 'a', flag: '1', link: '.' }],
  [
    'a hard link to a folder is refused',
    'UNSAFE_ARCHIVE',
    { name: 'd', flag: '5' },
    { name: 'a', flag: '1', link: 'd' },
  ],
  ['a hard link to nothing is damage', 'CORRUPT_ARCHIVE', { name: 'a', flag: '1', link: 'missing' }],
  [
    'a hard link in place of the folder that holds its target is damage',
    'CORRUPT_ARCHIVE',
    { name: 'd/f', content: 'x' },
    { name: 'd', flag: '1', link: 'd/f' },
  ],
  ['a link with content is refused', 'UNSAFE_ARCHIVE', { name: 'a', flag: '2', link: 'b', content: 'x' }],
  ['a symlink in place of the root is refused', 'UNSAFE_ARCHIVE', { name: './', flag: '2', link: '/etc' }],
  ['a symlink to nothing is refused', 'UNSAFE_ARCHIVE', { name: 'a', flag: '2', link: '' }],
  ['a character device is refused', 'UNSAFE_ARCHIVE', { name: 'null', flag: '3' }],
  ['a block device is refused', 'UNSAFE_ARCHIVE', { name: 'sda', flag: '4' }],
  ['a named pipe is refused', 'UNSAFE_ARCHIVE', { name: 'pipe', flag: '6' }],
  ['an old GNU sparse file is refused', 'UNSAFE_ARCHIVE', { name: 'sparse', flag: 'S', content: 'x' }],
  [
    'a PAX sparse file is refused, not extracted under its false name',
    'UNSAFE_ARCHIVE',
    { name: 'GNUSparseFile.1/x', content: 'x', pax: { 'GNU.sparse.major': '1', 'GNU.sparse.name': 'x' } },
  ],
  ['a kind that nobody knows is refused', 'UNSAFE_ARCHIVE', { name: 'what', flag: 'Z' }],
  ['a name that is not UTF-8 is refused', 'UNSAFE_ARCHIVE', { name: '\ufffd' }],
  ['files in a file are damage', 'CORRUPT_ARCHIVE', { name: 'a', content: 'x' }, { name: 'a/b', content: 'x' }],
  ['a bare .wh. is refused', 'UNSAFE_ARCHIVE', { name: 'd/.wh.' }],
  ['a whiteout of .. is refused', 'UNSAFE_ARCHIVE', { name: 'd/.wh...' }],
  ['a whiteout of . is refused', 'UNSAFE_ARCHIVE', { name: 'd/.wh..' }],
  ['a file inside a whiteout is refused', 'UNSAFE_ARCHIVE', { name: '.wh.d/file', content: 'x' }],
  ['a name of more than 255 bytes is refused', 'ARCHIVE_TOO_LARGE', { name: 'ok', pax: { path: 'x'.repeat(256) } }],
  [
    'a path of more than 4096 bytes is refused',
    'ARCHIVE_TOO_LARGE',
    { name: 'ok', pax: { path: `${'x'.repeat(200)}/`.repeat(21) } },
  ],
  ['300 nested folders are refused', 'ARCHIVE_TOO_LARGE', { name: 'ok', pax: { path: 'd/'.repeat(300) } }],
];

for (const [promise, code, ...members] of attacks) {
  test(promise, async (t) => await refuses(t, code, craft(...members)));
}

test('an absolute name in a plain archive is refused, and nothing is written', async (t) => {
  const { root } = await target(t);
  const archive = streamOf(craft({ name: '/etc/passwd', content: 'mine' }));
  await assert.rejects(unpackArchive(archive, root), { code: 'UNSAFE_ARCHIVE', message: /absolute/ });
  assert.ok(!existsSync(join(root, 'etc')));
});

test('an absolute name in a layer stays inside the root', async (t) => {
  const { root } = await target(t);
  await unpackLayer(streamOf(craft({ name: '/etc/passwd', content: 'mine' })), root);
  assert.equal(readFileSync(join(root, 'etc/passwd'), 'utf8'), 'mine');
});

test('an absolute hard link stays inside the root', async (t) => {
  await refuses(t, 'CORRUPT_ARCHIVE', (outside) => craft({ name: 'a', flag: '1', link: join(outside, 'victim') }));
});

test('a file is not written through a symlink of the same archive', async (t) => {
  await refuses(t, 'UNSAFE_ARCHIVE', (outside) =>
    craft({ name: 'way', flag: '2', link: outside }, { name: 'way/victim', content: 'gone' }),
  );
});

test('a symlink is not written through by way of a hard link to it', async (t) => {
  await refuses(t, 'UNSAFE_ARCHIVE', (outside) =>
    craft(
      { name: 'way', flag: '2', link: outside },
      { name: 'other', flag: '1', link: 'way' },
      { name: 'other/victim', content: 'gone' },
    ),
  );
});

test('a folder that becomes a symlink is not written through, although it was checked before', async (t) => {
  await refuses(t, 'UNSAFE_ARCHIVE', (outside) =>
    craft(
      { name: 'way/', flag: '5' },
      { name: 'way/first', content: 'x' },
      { name: 'way', flag: '2', link: outside },
      { name: 'way/victim', content: 'gone' },
    ),
  );
});

test('a file in place of a symlink replaces the link, not what it leads to', async (t) => {
  const { root, outside } = await target(t);
  const link = { name: 'file', flag: '2', link: join(outside, 'victim') };
  await unpackLayer(streamOf(craft(link, { name: 'file', content: 'new' })), root);
  assert.equal(readFileSync(join(root, 'file'), 'utf8'), 'new');
  assert.ok(lstatSync(join(root, 'file')).isFile());
  assertUntouched(outside);
});

test('a folder in place of a symlink replaces the link, and keeps the mode of what it leads to', async (t) => {
  const { root, outside } = await target(t);
  const mode = lstatSync(outside).mode;
  const members = [{ name: 'd', flag: '2', link: outside }, { name: 'd/', flag: '5', mode: 0o111 }, { name: 'd/f' }];
  await unpackLayer(streamOf(craft(...members)), root);
  assert.ok(lstatSync(join(root, 'd')).isDirectory());
  assert.equal(lstatSync(outside).mode, mode);
  assertUntouched(outside);
});

test('a symlink of a lower layer to the outside is followed inside the root', async (t) => {
  const { root, outside } = await target(t);
  symlinkSync(outside, join(root, 'absolute'));
  symlinkSync('../../../../../../outside', join(root, 'relative'));
  const members = [
    { name: 'absolute/victim', content: 'a' },
    { name: 'relative/victim', content: 'r' },
  ];
  await unpackLayer(streamOf(craft(...members)), root);
  assertUntouched(outside);
  assert.equal(readFileSync(join(root, outside, 'victim'), 'utf8'), 'a');
  assert.equal(readFileSync(join(root, 'outside/victim'), 'utf8'), 'r');
});

test('a whiteout does not remove through a symlink to the outside', async (t) => {
  const { root, outside } = await target(t);
  symlinkSync(outside, join(root, 'way'));
  await unpackLayer(streamOf(craft({ name: 'way/.wh.victim' }, { name: 'way/.wh..wh..opq' })), root);
  assertUntouched(outside);
});

test('symlinks that lead in circles, or through ever more symlinks, end', { timeout: 5000 }, async (t) => {
  const { root } = await target(t);
  symlinkSync('b', join(root, 'a'));
  symlinkSync('a', join(root, 'b'));
  mkdirSync(join(root, 'l0'));
  for (let i = 1; i < 60; i++) symlinkSync(`l${i - 1}/../l${i - 1}`, join(root, `l${i}`));
  for (const name of ['a/file', 'l59/file']) {
    await assert.rejects(unpackLayer(streamOf(craft({ name })), root), { code: 'UNSAFE_ARCHIVE' });
  }
});

test('entries after the end of the archive are not seen', async (t) => {
  const hidden = Buffer.concat([craft({ name: 'seen', content: 'x' }), craft({ name: 'hidden', content: 'x' })]);
  for (const pieceBytes of [100, 512, 1024, 64 * 1024]) {
    const { root } = await target(t);
    await unpackLayer(streamOf(hidden, pieceBytes), root);
    assert.deepEqual(readdirSync(root), ['seen'], `pieces of ${pieceBytes}`);
  }
});

test('garbage after the end of the archive is not looked at', async (t) => {
  const bytes = Buffer.concat([craft({ name: 'seen', content: 'x' }), Buffer.alloc(3000, 'garbage')]);
  for (const pieceBytes of [100, 512, 64 * 1024]) {
    const { root } = await target(t);
    await unpackLayer(streamOf(bytes, pieceBytes), root);
    assert.deepEqual(readdirSync(root), ['seen'], `pieces of ${pieceBytes}`);
  }
});

test('an archive that is cut off is damage, wherever the cut is', async (t) => {
  const whole = craftMembers({ name: 'file', content: 'x'.repeat(2000) });
  for (const length of [100, 511, 513, 1000, 1536, 2500]) {
    await refuses(t, 'CORRUPT_ARCHIVE', whole.subarray(0, length));
  }
});

test('a damaged header is damage', async (t) => {
  const bytes = craft({ name: 'file', content: 'x' });
  bytes[0] = 0x58;
  await refuses(t, 'CORRUPT_ARCHIVE', bytes);
});

test('a size that is no number is damage, and does not hang', { timeout: 5000 }, async (t) => {
  for (const size of [
    'zzzzzzzzzzz\0',
    '\x81\0\0\0\0\0\0\0\0\0\0\x01',
    '\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xfe',
  ]) {
    await refuses(t, 'CORRUPT_ARCHIVE', craft({ name: 'file', size }, { name: 'next', content: 'x' }));
  }
});

test('a file that claims to be larger than the limit is refused before it is written', async (t) => {
  await refuses(t, 'ARCHIVE_TOO_LARGE', craft({ name: 'file', size: 10_000 }), { limits: { maxBytes: 9_000 } });
});

test('more bytes than the limit are refused, those of headers too', async (t) => {
  const members = Array.from({ length: 20 }, (_, i) => ({ name: `f${i}` }));
  await refuses(t, 'ARCHIVE_TOO_LARGE', craft(...members), { limits: { maxBytes: 5_000 } });
});

test('more entries than the limit are refused', async (t) => {
  const members = Array.from({ length: 11 }, (_, i) => ({ name: `f${i}` }));
  await refuses(t, 'ARCHIVE_TOO_LARGE', craft(...members), { limits: { maxEntries: 10 } });
});

test('a bomb of zeros is refused by its bytes, and by its ratio', { timeout: 20_000 }, async (t) => {
  const { root } = await target(t);
  const bomb = zstdCompressSync(Buffer.alloc(256 * 1024 ** 2));
  const archive = () =>
    Readable.from(
      Array.from({ length: 8 }, () => bomb),
      { objectMode: false },
    );
  const limits = { maxBytes: 100 * 1024 ** 2 };
  await assert.rejects(unpackArchive(archive(), root, { limits }), { code: 'ARCHIVE_TOO_LARGE' });
  await assert.rejects(unpackArchive(archive(), root), { code: 'ARCHIVE_TOO_LARGE', message: /250 times/ });
});

test('compressed archives that are damaged or cut off say so', async (t) => {
  const tar = craft({ name: 'file', content: Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 251)) });
  for (const compressed of [gzipSync(tar), zstdCompressSync(tar)]) {
    const { root } = await target(t);
    const cut = compressed.subarray(0, compressed.byteLength - 10);
    await assert.rejects(unpackArchive(streamOf(cut), root), { code: 'CORRUPT_ARCHIVE' });
    const damaged = Buffer.from(compressed);
    damaged.fill(0xff, 30, 60);
    await assert.rejects(unpackArchive(streamOf(damaged), root), { code: 'CORRUPT_ARCHIVE' });
  }
});

test('an archive in a compression that is not supported names it', async (t) => {
  const { root } = await target(t);
  const xz = Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 1, 2, 3]);
  await assert.rejects(unpackArchive(streamOf(xz), root), { code: 'CORRUPT_ARCHIVE', message: /xz/ });
});

test('devices can be skipped instead', async (t) => {
  const { root } = await target(t);
  const bytes = craft({ name: 'null', flag: '3' }, { name: 'file', content: 'x' });
  await unpackLayer(streamOf(bytes), root, { devices: 'skip' });
  assert.deepEqual(readdirSync(root), ['file']);
});

test('names that layers reserve are refused in a plain archive', async (t) => {
  const { root } = await target(t);
  for (const name of ['.wh.file', 'd/.wh..wh..opq']) {
    await assert.rejects(unpackArchive(streamOf(craft({ name })), root), { code: 'UNSAFE_ARCHIVE' });
  }
  assert.ok(!existsSync(join(root, '.wh.file')));
});

test('an error of the stream is passed on as it is', async (t) => {
  const { root } = await target(t);
  const failure = new Error('the disk is on fire');
  const failing = () =>
    Readable.from(
      (async function* () {
        yield craftMembers({ name: 'file', content: 'x' });
        throw failure;
      })(),
      { objectMode: false },
    );
  await assert.rejects(unpackLayer(failing(), root), (error) => error === failure);
  await assert.rejects(
    async () => {
      for await (const _ of readEntries(failing()));
    },
    (error) => error === failure,
  );
});

test('the stream is read to its end, so that it can check its digest', async () => {
  const failure = new Error('the digest is another');
  const stream = Readable.from(
    (async function* () {
      yield craft({ name: 'file', content: 'x' });
      yield Buffer.alloc(8192);
      throw failure;
    })(),
    { objectMode: false },
  );
  await assert.rejects(
    async () => {
      for await (const _ of readEntries(stream));
    },
    (error) => error === failure,
  );
});

test('a signal ends the reading of a stream that never goes on', { timeout: 5000 }, async () => {
  const stalled = new Readable({ read() {} });
  stalled.push(craftMembers({ name: 'file', content: 'x' }));
  const abort = new AbortController();
  const reading = (async () => {
    for await (const _ of readEntries(stalled, { signal: abort.signal })) abort.abort();
  })();
  await assert.rejects(reading, { name: 'AbortError' });
});
