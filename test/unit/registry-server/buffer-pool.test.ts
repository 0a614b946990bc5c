import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BufferPool } from '../../../src/registry/server/buffer-pool.ts';

test('a released buffer is used again, unless something may still hold it', () => {
  const pool = new BufferPool();
  const first = pool.take();
  pool.release(first);
  assert.equal(pool.take(), first);
  pool.release(first, false);
  assert.notEqual(pool.take(), first);
});

test('however many are taken, the sum stays below 100 MiB for a thousand', () => {
  const pool = new BufferPool();
  const taken = Array.from({ length: 1000 }, () => pool.take());
  assert.ok(taken.reduce((sum, { length }) => sum + length, 0) < 100 * 2 ** 20);
  for (const buffer of taken) pool.release(buffer);
  assert.equal(pool.take().length, 256 * 1024);
});
