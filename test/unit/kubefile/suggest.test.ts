import assert from 'node:assert/strict';
import { test } from 'node:test';
import { didYouMean, listNames, nearest } from '../../../src/kubefile/index.ts';

test('nearest finds what was meant, letter case aside', () => {
  const names = ['builder', 'base', 'final'];
  assert.equal(nearest('biulder', names), 'builder');
  assert.equal(nearest('BASE', names), 'base');
  assert.equal(nearest('bse', names), 'base');
  assert.equal(nearest('finale', names), 'final');
});

test('nearest finds nothing where nothing is near', () => {
  assert.equal(nearest('nginx', ['builder', 'base']), undefined);
  assert.equal(nearest('x', []), undefined);
  assert.equal(nearest('a'.repeat(1000), ['a'.repeat(999)]), undefined);
  assert.equal(didYouMean('nginx', ['base']), undefined);
});

test('of several near names the nearest wins, and of equals the first', () => {
  assert.equal(nearest('mysql-a', ['mysql-bc', 'mysql-b', 'mysql-c']), 'mysql-b');
});

test('listNames is bounded', () => {
  assert.equal(listNames(['a', 'b', 'c'], 2), 'a, b and 1 more');
  assert.equal(listNames(['a', 'b'], 2), 'a, b');
});
