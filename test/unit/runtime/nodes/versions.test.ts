import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkQuorum } from '../../../../src/runtime/quorum.ts';
import { checkUpgrade, compareVersions, isSameMinor, parseKubeVersion } from '../../../../src/runtime/version.ts';

test('versions are ordered by number, then by what came before a release, then by build', () => {
  const ordered = ['v1.9.10', 'v1.20.2', 'v1.20.10', 'v1.33.0-rc.1', 'v1.33.0', 'v1.33.0+k3s2', 'v1.33.0+k3s10'];
  assert.deepEqual(ordered.toReversed().toSorted(compareVersions), ordered);
  assert.equal(compareVersions('1.20.2', 'v1.20.2'), 0);
});

test('patches and builds of one minor are told from another minor', () => {
  assert.equal(isSameMinor('v1.33.13', '1.33.0+k3s1'), true);
  assert.equal(isSameMinor('v1.33.13', 'v1.34.13'), false);
});

test('what is no version is refused', () => {
  for (const text of ['', 'v1.20', 'latest', 'v1.20.2; rm -rf /']) {
    assert.throws(() => parseKubeVersion(text), { code: 'IMAGE_UNFIT' }, text);
  }
});

test('an upgrade goes up, one minor at a time', () => {
  checkUpgrade('v1.20.2', 'v1.20.2');
  checkUpgrade('v1.20.2', 'v1.20.3');
  checkUpgrade('v1.20.2', 'v1.21.0');
  assert.throws(() => checkUpgrade('v1.20.3', 'v1.20.2'), { code: 'DOWNGRADE' });
  assert.throws(() => checkUpgrade('v1.20.2', 'v1.22.0'), { code: 'UPGRADE_SKIPS_MINOR', hint: /v1\.21/ });
  assert.throws(() => checkUpgrade('v1.20.2', 'v2.0.0'), { code: 'UPGRADE_SKIPS_MINOR' });
});

test('a master goes only if etcd keeps its quorum', () => {
  const members = ['a', 'b', 'c'];
  checkQuorum({ members, healthy: members, leaving: 'a' });
  checkQuorum({ members, healthy: ['a', 'b'], leaving: 'c' });
  checkQuorum({ members, healthy: ['a', 'b'], leaving: 'x' });
  assert.throws(() => checkQuorum({ members, healthy: ['a', 'b'], leaving: 'a' }), {
    code: 'QUORUM_AT_RISK',
    message: /silent: c/,
  });
  assert.throws(() => checkQuorum({ members, healthy: ['a'], leaving: 'c' }), { code: 'QUORUM_AT_RISK' });
  assert.throws(() => checkQuorum({ members: ['a'], healthy: ['a'], leaving: 'a' }), { code: 'LAST_MASTER' });
});
