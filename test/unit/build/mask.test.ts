import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMask } from '../../../src/build/run/mask.ts';

test('a secret is blanked wherever it stands in a line', () => {
  assert.equal(createMask(['hunter22'])('a hunter22 b hunter22'), 'a *** b ***');
});

test('a secret of several lines is blanked line by line', () => {
  const mask = createMask(['-----BEGIN KEY-----\nabcdef\n']);
  assert.equal(mask('key: abcdef'), 'key: ***');
});

test('of two secrets, one within the other, nothing stays visible', () => {
  assert.equal(createMask(['abcd', 'abcdefgh'])('abcdefgh'), '***');
});

test('a value too short to be a secret does not blank half of the output', () => {
  assert.equal(createMask(['a', ''])('a banana'), 'a banana');
});
