import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseContentRange, parseRange } from '../../../src/registry/server/range.ts';

test('a range is cut at the end of the content', () => {
  assert.deepEqual(parseRange('bytes=500-1499', 2048), { start: 500, end: 1499 });
  assert.deepEqual(parseRange('bytes=500-', 2048), { start: 500, end: 2047 });
  assert.deepEqual(parseRange('bytes=-500', 2048), { start: 1548, end: 2047 });
  assert.deepEqual(parseRange('bytes=2000-5000', 2048), { start: 2000, end: 2047 });
  assert.deepEqual(parseRange('bytes=-5000', 2048), { start: 0, end: 2047 });
  assert.deepEqual(parseRange('bytes=0-0', 2048), { start: 0, end: 0 });
});

test('a range outside of the content cannot be satisfied', () => {
  for (const header of ['bytes=500-0', 'bytes=5000-10000', 'bytes=2048-', 'bytes=-0']) {
    assert.equal(parseRange(header, 2048), 'unsatisfiable', header);
  }
  assert.equal(parseRange('bytes=0-', 0), 'unsatisfiable');
});

test('what is no single range of bytes is answered with all of it', () => {
  for (const header of [undefined, '', 'bytes=-', 'lines=1-2', 'bytes=0-1,4-5', 'bytes=a-b', 'bytes']) {
    assert.equal(parseRange(header, 2048), undefined, header);
  }
});

test('chunks name their range as the spec has it, or as RFC 9110', () => {
  assert.deepEqual(parseContentRange('0-1023'), { start: 0, end: 1023 });
  assert.deepEqual(parseContentRange('bytes 5-9/*'), { start: 5, end: 9 });
  assert.deepEqual(parseContentRange('bytes 5-9/100'), { start: 5, end: 9 });
  assert.equal(parseContentRange(undefined), undefined);
  for (const header of ['9-5', '5', '-5', '5-', 'a-b', '0-99999999999999999999']) {
    assert.equal(parseContentRange(header), 'malformed', header);
  }
});
