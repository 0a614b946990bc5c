import assert from 'node:assert/strict';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { constants, zstdCompressSync } from 'node:zlib';
import { decompress } from '../../../src/oci/archive/compression.ts';
import { streamOf } from './tar.ts';

const TEXT = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`).join(''));
const checksummed = { params: { [constants.ZSTD_c_checksumFlag]: 1 } };
const skippable = Buffer.from([0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);

async function unpack(frames: Buffer, chunk: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const each of decompress(streamOf(frames, chunk), 'zstd')) chunks.push(each);
  return Buffer.concat(chunks);
}

test('a stream of several zstd frames is unpacked to its end, wherever its chunks end', async () => {
  const frames = Buffer.concat([
    zstdCompressSync(TEXT.subarray(0, 200_000), checksummed),
    skippable,
    zstdCompressSync(''),
    // One byte repeated is a run-length block.
    zstdCompressSync(Buffer.alloc(300_000, 'z')),
    zstdCompressSync(TEXT.subarray(200_000)),
  ]);
  const whole = Buffer.concat([TEXT.subarray(0, 200_000), Buffer.alloc(300_000, 'z'), TEXT.subarray(200_000)]);
  for (const chunk of [1, 7, 1000, 65_536, frames.length]) assert.deepEqual(await unpack(frames, chunk), whole);
});

test('a zstd stream that ends within a frame, or goes on with something else, fails', async () => {
  const frame = zstdCompressSync(TEXT);
  for (const bad of [frame.subarray(0, -1), frame.subarray(0, 5), Buffer.concat([frame, Buffer.from('more')])]) {
    await assert.rejects(unpack(bad, 1000), { name: 'BadCompression' });
  }
  const failing = Readable.from(
    (function* () {
      yield frame.subarray(0, 50);
      throw new Error('the disk is gone');
    })(),
    { objectMode: false },
  );
  await assert.rejects(async () => {
    for await (const _ of decompress(failing, 'zstd'));
  }, /the disk is gone/);
});
