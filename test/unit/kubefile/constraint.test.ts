import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findConstraintFault } from '../../../src/kubefile/index.ts';

test('constraints of Masterminds/semver are accepted', () => {
  for (const text of [
    '>=1.28',
    '1.28',
    'v1.28.3',
    '=1.28.0',
    '!=1.2.3',
    '~1.28',
    '~>1.28.1',
    '^1.2',
    '1.28.x',
    '1.X',
    '*',
    '>= 1.26, < 1.30',
    '>=1.26 <1.30',
    '=>1.26,=<1.30',
    '1.26 - 1.28.4',
    '~1.20 || ^1.28 || 1.30 - 1.31',
    '>=1.28.0-0',
    '>=1.28.0-rc.1+build.5',
    ' >1 ',
  ]) {
    assert.equal(findConstraintFault(text), undefined, text);
  }
});

test('what is none is told with its place', () => {
  for (const [text, index] of [
    ['', 0],
    ['latest', 0],
    ['>=1.28 or so', 7],
    ['>=1.26 ||', 9],
    ['|| 1', 0],
    ['>=', 0],
    ['>=1.26,', 7],
    ['>=1.26,,<2', 7],
    ['1.2.3.4', 0],
    ['1.28 -', 5],
    ['>>1', 0],
    ['1 | 2', 2],
    ['>=${V}', 0],
  ] as const) {
    assert.equal(findConstraintFault(text)?.index, index, text);
  }
});
