import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { parseList, parsePairs } from '../../../../src/ci/inputs/lists.ts';

suite('lists in inputs', () => {
  test('are split by lines and commas, and trimmed', () => {
    assert.deepEqual(parseList(' a , b\n\n  c,\r\nd ', { comma: true }), ['a', 'b', 'c', 'd']);
  });

  test('of labels, build arguments and secrets are split by lines alone', () => {
    assert.deepEqual(parseList('A=1,2\nB="x y"', { comma: false }), ['A=1,2', 'B="x y"']);
  });

  test('keep commas and line ends inside quotes, and "" is one quote', () => {
    assert.deepEqual(parseList('"a,b",c', { comma: true }), ['a,b', 'c']);
    assert.deepEqual(parseList('"KEY=line 1\nline ""2"""\nB=2', { comma: false }), ['KEY=line 1\nline "2"', 'B=2']);
  });

  test('take a quote that is never closed for a character', () => {
    assert.deepEqual(parseList('"a\nb', { comma: true }), ['"a', 'b']);
  });

  test('leave white space alone where it matters', () => {
    assert.deepEqual(parseList('A= x \nB=y', { comma: false, trim: false }), ['A= x ', 'B=y']);
  });

  test('are empty for an empty input', () => {
    assert.deepEqual(parseList('', { comma: true }), []);
    assert.deepEqual(parseList(' \n ', { comma: true }), []);
  });
});

test('pairs keep everything behind the first =', () => {
  assert.deepEqual(parsePairs('a=b=c\nempty=\nalone', { comma: false }), { a: 'b=c', empty: '', alone: '' });
});
