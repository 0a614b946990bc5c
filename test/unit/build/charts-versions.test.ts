import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareVersions, parseRange, parseVersion } from '../../../src/build/charts/version-range.ts';

function isIn(range: string, version: string): boolean {
  const parsed = parseVersion(version);
  const test = parseRange(range);
  assert.ok(parsed !== undefined && test !== undefined, `${range} ${version}`);
  return test(parsed);
}

const CASES: readonly [range: string, inside: string, outside: string][] = [
  ['1.2.3', '1.2.3 v1.2.3 1.2.3+meta', '1.2.4 1.2.3-rc.1'],
  ['1.2', '1.2.0 1.2.9', '1.3.0 1.1.9'],
  ['1', '1.0.0 1.9.9', '2.0.0 0.9.9'],
  ['1.2.x', '1.2.0 1.2.9', '1.3.0'],
  ['*', '0.0.1 9.9.9', '1.0.0-beta'],
  ['>=1.2', '1.2.0 2.0.0', '1.1.9 1.3.0-rc.1'],
  ['>1.2', '1.3.0 2.0.0', '1.2.0 1.2.9'],
  ['>1.2.3', '1.2.4', '1.2.3'],
  ['<=1.2', '1.2.9 1.0.0', '1.3.0'],
  ['<1.2', '1.1.9', '1.2.0'],
  ['!=1.2.3', '1.2.4', '1.2.3'],
  ['!=1.2', '1.3.0', '1.2.3'],
  ['~1.2.3', '1.2.3 1.2.9', '1.2.2 1.3.0'],
  ['~1.2', '1.2.0 1.2.9', '1.3.0'],
  ['~1', '1.0.0 1.9.0', '2.0.0'],
  ['~>1.2', '1.2.5', '1.3.0'],
  ['^1.2.3', '1.2.3 1.9.0', '1.2.2 2.0.0'],
  ['^0.2.3', '0.2.3 0.2.9', '0.3.0'],
  ['^0.0.3', '0.0.3', '0.0.4'],
  ['^0.0', '0.0.9', '0.1.0'],
  ['^0', '0.9.0', '1.0.0'],
  ['^1.2.3-beta.2', '1.2.3-beta.2 1.2.3-beta.11 1.4.0 1.2.3', '1.2.3-beta.1 1.2.3-alpha'],
  ['>=1.2 <2', '1.2.0 1.9.0', '2.0.0 1.1.0'],
  ['>=1.2, <2.0.0', '1.9.0', '2.0.0'],
  ['1.2 - 1.4', '1.2.0 1.4.9', '1.1.9 1.5.0'],
  ['<1 || >=3', '0.9.0 3.0.0', '1.0.0 2.9.9'],
];

test('ranges mean what they mean to Helm', () => {
  for (const [range, inside, outside] of CASES) {
    for (const version of inside.split(' ')) assert.ok(isIn(range, version), `${version} is in ${range}`);
    for (const version of outside.split(' ')) assert.ok(!isIn(range, version), `${version} is not in ${range}`);
  }
});

test('versions are ordered by semver, prereleases before their release', () => {
  const order = [
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-beta.2',
    '1.0.0-beta.11',
    '1.0.0',
    '1.2.0',
    '1.10.0',
  ];
  const sorted = order.toReversed().sort((a, b) => {
    const [left, right] = [parseVersion(a), parseVersion(b)];
    assert.ok(left !== undefined && right !== undefined);
    return compareVersions(left, right);
  });
  assert.deepEqual(sorted, order);
});

test('what is no version and no range is told', () => {
  for (const text of ['', 'latest', '1.2.3.4', '1..2', '-1', '1.2.3-'])
    assert.equal(parseVersion(text), undefined, text);
  for (const text of ['', 'latest', '>=', '1.2 ||', '^^1', '1.2.3 oops'])
    assert.equal(parseRange(text), undefined, text);
  const long = `${'>=1 '.repeat(20_000)}?`;
  assert.equal(parseRange(long), undefined);
});
