import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeHeader, paddingOf, readEntries, type TarEntry, whiteout } from '../../../src/oci/tar/index.ts';
import { streamOf } from './craft.ts';

const entry = (changes: Partial<TarEntry>): TarEntry => ({
  path: 'file',
  type: 'file',
  mode: 0o644,
  size: 0,
  mtime: 0,
  ...changes,
});

async function readBack(written: TarEntry) {
  const bytes = Buffer.concat([encodeHeader(written), Buffer.alloc(1024)]);
  for await (const { path, type, mode, size, mtime, linkname } of readEntries(streamOf(bytes))) {
    return { path, type, mode, size, mtime, linkname };
  }
  return undefined;
}

test('a header has no owner, no names and no devices', () => {
  const block = encodeHeader(entry({ path: 'bin/sh', mode: 0o4755, size: 5, mtime: 1 }));
  assert.equal(block.byteLength, 512);
  const field = (start: number, end: number) => block.toString('latin1', start, end);
  assert.equal(field(0, 7), 'bin/sh\0');
  assert.equal(field(100, 148), '0004755\x000000000\x000000000\x0000000000005\x0000000000001\0');
  assert.equal(field(257, 345), `ustar\x0000${'\0'.repeat(64)}0000000\x000000000\0`);
});

test('a folder has a slash at its end', () => {
  assert.equal(encodeHeader(entry({ path: 'd', type: 'directory' })).toString('latin1', 0, 3), 'd/\0');
});

test('a name of 100 bytes and one that splits into prefix and name need one block', () => {
  const hundred = 'x'.repeat(100);
  for (const path of [hundred, `${'p'.repeat(155)}/${hundred}`, `a/${hundred}`, `${'d/'.repeat(100)}end`]) {
    assert.equal(encodeHeader(entry({ path })).byteLength, 512, path);
  }
});

for (const [what, path] of [
  ['a name that cannot be split', `${'x'.repeat(101)}`],
  ['a path longer than ustar has room for', `${'p'.repeat(150)}/${'q'.repeat(150)}`],
  ['a name with characters beyond ASCII', 'größe/日本語/🎉'],
  ['a path whose PAX record is exactly as long as another digit', 'x'.repeat(992)],
] as const) {
  test(`${what} survives, through PAX`, async () => {
    const parts = path.match(/[^/]{1,200}/gu)?.join('/') ?? '';
    const written = entry({ path: parts, mode: 0o600, size: 0, mtime: 12 });
    assert.ok(encodeHeader(written).byteLength > 512);
    assert.deepEqual(await readBack(written), { ...written, linkname: undefined });
  });
}

test('PAX records count their own length right at every number of digits', async () => {
  for (let length = 101; length < 255; length++) {
    const path = 'x'.repeat(length);
    assert.equal((await readBack(entry({ path })))?.path, path);
    const long = `${'y'.repeat(200)}/${'y'.repeat(200)}/${'y'.repeat(200)}/${'y'.repeat(200)}/${'z'.repeat(length)}`;
    assert.equal((await readBack(entry({ path: long })))?.path, long);
  }
});

test('link targets longer than 100 bytes or beyond ASCII survive', async () => {
  for (const linkname of ['/'.padEnd(101, 'x'), '../größe']) {
    assert.equal((await readBack(entry({ type: 'symlink', linkname })))?.linkname, linkname);
  }
});

test('a file of 8 GiB and more has its size in PAX', () => {
  const size = 8 * 1024 ** 3;
  assert.equal(encodeHeader(entry({ size: size - 1 })).byteLength, 512);
  assert.match(encodeHeader(entry({ size })).toString('latin1'), /\n?19 size=8589934592\n/);
});

test('times before 1970 become 1970', async () => {
  assert.equal((await readBack(entry({ mtime: -5 })))?.mtime, 0);
});

test('names that are no text cannot be packed', () => {
  for (const path of ['a\0b', 'a\ud800']) assert.throws(() => encodeHeader(entry({ path })), { code: 'CANNOT_PACK' });
});

test('padding goes up to the next block and no further', () => {
  assert.deepEqual(
    [0, 1, 511, 512, 513].map((size) => paddingOf(size).byteLength),
    [0, 511, 1, 0, 511],
  );
});

test('a whiteout stands beside what it removes', () => {
  assert.equal(whiteout('a/b/c').path, 'a/b/.wh.c');
  assert.equal(whiteout('c').path, '.wh.c');
});
