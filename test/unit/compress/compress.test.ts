import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { constants, gunzipSync, gzipSync, zstdCompressSync } from 'node:zlib';
import {
  compressionOf,
  createCompressor,
  decompress,
  detectCompression,
  sniffCompression,
} from '../../../src/oci/compress/index.ts';

const CHUNK = 100_000;
/** Of tests that would wait forever. */
const TIMEOUT = { timeout: 10_000 };
const LIMITS = { maxBytes: 10 ** 9, maxRatio: 100 };

/** Text-like bytes, the same in every run. */
function sample(size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let state = 42;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = 97 + (state >>> 29);
  }
  return bytes;
}

async function compress(
  compression: 'gzip' | 'zstd',
  content: Buffer,
  { atOnce = 4, level = 6 } = {},
): Promise<Buffer> {
  const compressor = createCompressor(compression, level);
  const parts: Uint8Array[] = [compressor.header];
  const pending: Promise<Uint8Array>[] = [];
  for (let at = 0; at < content.byteLength; at += CHUNK) {
    // Copies, overwritten as soon as they are done, as the packer's chunks are.
    const chunk = Buffer.from(content.subarray(at, at + CHUNK));
    const compressed = compressor.compress(chunk).then((bytes) => {
      chunk.fill(0);
      return bytes;
    });
    pending.push(compressed);
    if (pending.length >= atOnce) parts.push((await pending.shift()) ?? Buffer.alloc(0));
  }
  parts.push(...(await Promise.all(pending)), compressor.trailer());
  return Buffer.concat(parts);
}

function inPieces(bytes: Buffer, pieceBytes: number): Readable {
  const count = Math.ceil(bytes.byteLength / pieceBytes);
  const pieces = Array.from({ length: count }, (_, i) => bytes.subarray(i * pieceBytes, (i + 1) * pieceBytes));
  return Readable.from(pieces, { objectMode: false });
}

test('zstd frames of all kinds after another are one content', async () => {
  const content = sample(1000);
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
  const emptySkippable = Buffer.from([0x5f, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  const plain = zstdCompressSync(content);
  const checked = zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
  const unsized = zstdCompressSync(content, { params: { [constants.ZSTD_c_contentSizeFlag]: 0 } });
  const repeated = zstdCompressSync(Buffer.alloc(300_000, 'r'));
  const empty = zstdCompressSync(Buffer.alloc(0));
  const frames = [skippable, plain, emptySkippable, checked, empty, unsized, repeated, empty, skippable, plain];
  const expected = Buffer.concat([content, content, content, Buffer.alloc(300_000, 'r'), content]);
  for (const pieceBytes of [1, 2, 3, 10, 100, 100_000]) {
    const stream = inPieces(Buffer.concat(frames), pieceBytes);
    assert.ok((await buffer(decompress(stream, 'zstd', LIMITS))).equals(expected), `pieces of ${pieceBytes}`);
  }
});

for (const compression of ['gzip', 'zstd'] as const) {
  test(`${compression}: all chunks come out again, in whatever pieces they are read`, async () => {
    for (const size of [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 7 * CHUNK + 13]) {
      const content = sample(size);
      const compressed = await compress(compression, content);
      for (const pieceBytes of [7, 1000, CHUNK, 10 * CHUNK]) {
        if (pieceBytes === 7 && size > CHUNK) continue;
        const stream = decompress(inPieces(compressed, pieceBytes), compression, LIMITS);
        assert.ok((await buffer(stream)).equals(content), `${size} bytes in pieces of ${pieceBytes}`);
      }
    }
  });

  test(`${compression}: the bytes do not depend on how many chunks are compressed at once`, async () => {
    const content = sample(12 * CHUNK + 1);
    const one = await compress(compression, content, { atOnce: 1 });
    const busy = await Promise.all([2, 5, 20].map((atOnce) => compress(compression, content, { atOnce })));
    for (const many of busy) assert.ok(many.equals(one));
  });

  test(`${compression}: several contents after another are one`, async () => {
    const content = sample(150_000);
    const halves = await Promise.all(
      [content.subarray(0, 70_000), content.subarray(70_000)].map((half) => compress(compression, half)),
    );
    const stream = Readable.from(halves, { objectMode: false });
    assert.ok((await buffer(decompress(stream, compression, LIMITS))).equals(content));
  });

  test(`${compression}: content that is cut off or damaged fails`, async () => {
    const whole = await compress(compression, sample(300_000));
    for (const length of [5, 30, whole.byteLength >> 1, whole.byteLength - 1]) {
      const stream = Readable.from([whole.subarray(0, length)], { objectMode: false });
      await assert.rejects(
        buffer(decompress(stream, compression, LIMITS)),
        { code: 'CORRUPT_ARCHIVE' },
        `${length} bytes`,
      );
    }
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(whole.byteLength >> 1) ^ 0x10, whole.byteLength >> 1);
    const stream = Readable.from([damaged], { objectMode: false });
    await assert.rejects(buffer(decompress(stream, compression, LIMITS)), { code: 'CORRUPT_ARCHIVE' });
  });

  test(`${compression}: what follows the content and is none is damage`, async () => {
    const bytes = Buffer.concat([await compress(compression, sample(1000)), Buffer.from('something else')]);
    const stream = Readable.from([bytes], { objectMode: false });
    await assert.rejects(buffer(decompress(stream, compression, LIMITS)), { code: 'CORRUPT_ARCHIVE' });
  });

  test(`${compression}: more bytes than the limit fail`, async () => {
    const stream = Readable.from([await compress(compression, sample(300_000))], { objectMode: false });
    const limits = { ...LIMITS, maxBytes: 299_999 };
    await assert.rejects(buffer(decompress(stream, compression, limits)), { code: 'ARCHIVE_TOO_LARGE' });
  });

  test(`${compression}: an error at the end of the source is passed on, though all content was there`, async () => {
    const failure = new Error('the digest is another');
    const whole = await compress(compression, sample(1000));
    const source = Readable.from(
      (async function* () {
        yield whole;
        throw failure;
      })(),
      { objectMode: false },
    );
    await assert.rejects(buffer(decompress(source, compression, LIMITS)), (error) => error === failure);
  });

  test(`${compression}: a source that breaks off with an error fails with that, not as data that is cut off`, async () => {
    const failure = new Error('the disk is gone');
    const whole = await compress(compression, sample(1000));
    const source = Readable.from(
      (async function* () {
        yield whole.subarray(0, 50);
        throw failure;
      })(),
      { objectMode: false },
    );
    await assert.rejects(buffer(decompress(source, compression, LIMITS)), (error) => error === failure);
  });

  test(`${compression}: of several contents a stream is whole at their ends and nowhere else`, async () => {
    const parts = await Promise.all([sample(40), sample(0), sample(50)].map((each) => compress(compression, each)));
    const whole = Buffer.concat(parts);
    const ends = new Set([0, 1, 2, 3].map((count) => Buffer.concat(parts.slice(0, count)).byteLength));
    for (let length = 1; length <= whole.byteLength; length++) {
      const unpacked = buffer(decompress(inPieces(whole.subarray(0, length), 20), compression, LIMITS));
      if (ends.has(length)) await unpacked;
      else await assert.rejects(unpacked, { code: 'CORRUPT_ARCHIVE' }, `${length} bytes`);
    }
  });

  test(
    `${compression}: a source that stalls is let go when the reader goes or the signal says so`,
    TIMEOUT,
    async () => {
      const beginning = (await compress(compression, sample(1000))).subarray(0, 20);
      const stalled = () => {
        const source = new PassThrough();
        source.write(beginning);
        return source;
      };
      const unread = stalled();
      decompress(unread, compression, LIMITS).destroy();
      assert.ok(unread.destroyed);

      const sniffed = stalled();
      const { stream } = await sniffCompression(sniffed);
      const reading = buffer(decompress(stream, compression, LIMITS));
      stream.destroy(new Error('enough'));
      await assert.rejects(reading, /enough/);
      assert.ok(sniffed.destroyed);

      const abort = new AbortController();
      const aborted = stalled();
      const waiting = buffer(decompress(aborted, compression, LIMITS, abort.signal));
      abort.abort(new Error('stop'));
      await assert.rejects(waiting, /stop/);
      assert.ok(aborted.destroyed);
    },
  );
}

test('a signal stops content that is not compressed too, though nobody reads it yet', TIMEOUT, async () => {
  const abort = new AbortController();
  const stream = decompress(new PassThrough(), 'none', LIMITS, abort.signal);
  abort.abort(new Error('stop'));
  await assert.rejects(buffer(stream), /stop/);
});

test('gzip: all chunks are one member', async () => {
  const content = sample(3 * CHUNK + 1);
  assert.ok(gunzipSync(await compress('gzip', content)).equals(content));
});

test('gzip: chunks look back over their borders, so small chunks cost little', async () => {
  const content = Buffer.concat(Array.from({ length: 20 }, () => sample(CHUNK).subarray(0, 30_000)));
  const chunked = await compress('gzip', content);
  assert.ok(chunked.byteLength < gzipSync(content, { level: 6 }).byteLength * 1.05);
});

test('compression is told by the first bytes', () => {
  const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 0, 0, 0, 0]);
  assert.equal(detectCompression(gzipSync('x')), 'gzip');
  assert.equal(detectCompression(zstdCompressSync('x')), 'zstd');
  assert.equal(detectCompression(skippable), 'zstd');
  for (const plain of ['', 'x', 'BZhello', 'some/name']) assert.equal(detectCompression(Buffer.from(plain)), 'none');
});

test('a compression that is not supported is named, and how to undo it', async () => {
  const magics = { xz: '\u00fd7zXZ\0', bzip2: 'BZh91AY&SY', lzip: 'LZIP\u0001' };
  for (const [name, magic] of Object.entries(magics)) {
    const source = inPieces(Buffer.from(`${magic}and more`, 'latin1'), 3);
    const hint = new RegExp(`${name} -d FILE`);
    await assert.rejects(sniffCompression(source), { code: 'CORRUPT_ARCHIVE', message: new RegExp(name), hint });
    assert.ok(source.destroyed);
  }
  assert.throws(() => detectCompression(Buffer.from('BZh11AY&SY')), { message: /bzip2/ });
});

test('looking at the start of a stream loses none of it', async () => {
  for (const pieces of [['a'], ['', 'a', 'b', 'cdefgh', 'i'], [], ['0123456789']]) {
    const source = Readable.from(pieces.map((piece) => Buffer.from(piece)));
    const { compression, stream } = await sniffCompression(source);
    assert.equal(compression, 'none');
    assert.equal((await buffer(stream)).toString(), pieces.join(''));
  }
});

test('compression is told by the media type', () => {
  const types = {
    'application/vnd.oci.image.layer.v1.tar': 'none',
    'application/vnd.oci.image.layer.v1.tar+gzip': 'gzip',
    'application/vnd.oci.image.layer.v1.tar+zstd': 'zstd',
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip': 'gzip',
    'application/vnd.docker.image.rootfs.diff.tar.gzip': 'gzip',
    'application/vnd.docker.image.rootfs.diff.tar': 'none',
    'application/octet-stream': undefined,
  };
  for (const [type, expected] of Object.entries(types)) assert.equal(compressionOf(type), expected, type);
});
