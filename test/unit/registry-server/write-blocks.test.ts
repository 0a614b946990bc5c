import assert from 'node:assert/strict';
import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { BufferPool } from '../../../src/registry/server/buffer-pool.ts';
import { writeBlocks } from '../../../src/registry/server/folder/write-blocks.ts';
import { noise, temporaryFolder } from '../../lab/scratch.ts';

const BYTES = noise(700_001, 'blocks');

for (const size of [1000, 65_536, 256 * 1024, 600_000]) {
  test(`pieces of ${size} bytes get into the file as they are, and are hashed in order`, async () => {
    const { written, hashed } = await write(pieces(size));
    assert.deepEqual(written, BYTES);
    assert.deepEqual(hashed, BYTES);
  });
}

test('what arrived before a body broke off is written and counted', async () => {
  const broken = async function* () {
    yield BYTES.subarray(0, 300_000);
    throw new Error('gone');
  };
  const { written, count, error } = await write(broken());
  assert.match(String(error), /gone/);
  assert.deepEqual(written, BYTES.subarray(0, 300_000));
  assert.equal(count, 300_000);
});

test('a disk that refuses is an error, and nothing is counted that is not there', async () => {
  const { count, error } = await write(pieces(65_536), 'r');
  assert.ok(error instanceof Error);
  assert.equal(count, 0);
});

async function* pieces(size: number): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < BYTES.length; from += size) yield BYTES.subarray(from, from + size);
}

async function write(body: AsyncIterable<Uint8Array>, flags = 'r+') {
  await using folder = await temporaryFolder();
  const path = join(folder.path, 'data');
  await (await open(path, 'w')).close();
  const file = await open(path, flags);
  const hashed: Buffer[] = [];
  let count = 0;
  let error: unknown;
  try {
    await writeBlocks(file, 0, body, new BufferPool(), {
      sending: (block) => hashed.push(Buffer.from(block)),
      written: (bytes) => {
        count += bytes;
      },
    });
  } catch (caught) {
    error = caught;
  } finally {
    await file.close();
  }
  return { written: await readFile(path), hashed: Buffer.concat(hashed), count, error };
}
