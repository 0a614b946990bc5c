import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDuration } from '../../../src/cli/build-values.ts';
import { SealerError } from '../../../src/error.ts';

test('durations are read as people write them, in milliseconds', () => {
  const read = (text: string) => readDuration(text, '--cluster-timeout', 7);
  assert.deepEqual(
    ['90s', '10m', '1h30m', '250ms', '1.5m', '30', ' 2s ', ''].map(read),
    [90_000, 600_000, 5_400_000, 250, 90_000, 30_000, 2000, 7],
  );
});

test('what is no duration is refused, and named', () => {
  for (const text of ['soon', '10 minutes', '-5s', '5s5', '1d', 's']) {
    assert.throws(
      () => readDuration(text, '--cluster-timeout', 7),
      (error) => error instanceof SealerError && error.code === 'USAGE' && error.message.includes(`"${text}"`),
    );
  }
});
