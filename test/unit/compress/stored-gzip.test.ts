import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type StoredParts, storeAsGzip } from '../../../src/oci/compress/index.ts';

const BLOCK = 65_535;

function sample(size: number): Buffer {
  return Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 7919) >>> 3));
}

/** The member, of content that comes in chunks of a certain size. */
function store(content: Buffer, chunkBytes: number, around: Omit<StoredParts, 'size'> = {}): Buffer {
  const gzip = storeAsGzip({ ...around, size: content.byteLength });
  const pieces = [...gzip.start()];
  for (let at = 0; at < content.byteLength; at += chunkBytes) {
    pieces.push(...gzip.wrap(content.subarray(at, at + chunkBytes)));
  }
  pieces.push(...gzip.end());
  const member = Buffer.concat(pieces.map(({ bytes }) => bytes));
  assert.equal(member.byteLength, gzip.size, 'the size is known beforehand');
  const unframed = pieces.filter(({ isFrame }) => !isFrame).map(({ bytes }) => bytes);
  assert.deepEqual(Buffer.concat(unframed), gunzipSync(member), 'what is not a frame is what is stored');
  return member;
}

test('zlib gets back what was stored, at all sizes around the edges of blocks', () => {
  const around = { head: Buffer.from('head'), tail: Buffer.alloc(1024) };
  for (const size of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 1_000_000]) {
    const content = sample(size);
    assert.deepEqual(gunzipSync(store(content, BLOCK)), content, `${size} alone`);
    assert.deepEqual(
      gunzipSync(store(content, BLOCK, around)),
      Buffer.concat([around.head, content, around.tail]),
      `${size} between others`,
    );
  }
});

test('the bytes do not depend on how the content comes', () => {
  const content = sample(200_001);
  const whole = store(content, content.byteLength);
  for (const chunkBytes of [1000, 16_384, BLOCK - 1, BLOCK, BLOCK + 1, 131_072]) {
    assert.deepEqual(store(content, chunkBytes), whole, `in chunks of ${chunkBytes}`);
  }
});

test('the bytes are these, whatever zlib is there', () => {
  const gzip = store(Buffer.from('abc'), 3, { head: Buffer.from('<'), tail: Buffer.from('>') });
  const header = '1f8b08000000000000ff';
  const blocks = ['000100feff3c', '000300fcff616263', '010100feff3e'].join('');
  assert.equal(gzip.toString('hex'), `${header}${blocks}7d088be505000000`);
});

test('each byte of the content is where the layout says', () => {
  const content = sample(3 * BLOCK);
  const { layout } = storeAsGzip({ head: Buffer.from('head'), size: content.byteLength });
  const member = store(content, 50_000, { head: Buffer.from('head') });
  for (const n of [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 3 * BLOCK - 1]) {
    assert.equal(member[layout.offset + n + layout.header * Math.floor(n / layout.block)], content[n], `byte ${n}`);
  }
});

test('content is not copied', () => {
  const content = sample(100_000);
  const gzip = storeAsGzip({ size: content.byteLength });
  const stored = [...gzip.wrap(content)].filter(({ isFrame }) => !isFrame);
  assert.ok(stored.every(({ bytes }) => bytes.buffer === content.buffer));
});

test('less content than announced is a mistake of the caller', () => {
  const gzip = storeAsGzip({ size: 2 });
  void [...gzip.wrap(Buffer.from('a'))];
  assert.throws(() => gzip.end(), /1 bytes were stored where 2 were announced/);
});
