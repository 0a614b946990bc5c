import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPlatform, hostPlatform, matchesPlatform, parsePlatform } from '../../../src/oci/platform.ts';

for (const [written, complete] of [
  ['linux/amd64', 'linux/amd64'],
  ['arm64', 'linux/arm64'],
  ['linux/x86_64', 'linux/amd64'],
  ['linux/aarch64', 'linux/arm64'],
  ['linux/arm64/v8', 'linux/arm64'],
  ['linux/arm', 'linux/arm/v7'],
  ['linux/arm/v6', 'linux/arm/v6'],
  ['Linux/S390X', 'linux/s390x'],
] as const) {
  test(`platform ${written} is ${complete}`, () => {
    assert.equal(formatPlatform(parsePlatform(written)), complete);
  });
}

for (const bad of ['', 'linux/', '/amd64', 'a/b/c/d', 'linux/amd 64', 'linux/../x']) {
  test(`platform "${bad}" is refused`, () => assert.throws(() => parsePlatform(bad), { code: 'BAD_PLATFORM' }));
}

test('a slip is refused with what was meant; what we have never heard of is taken', () => {
  assert.throws(() => parsePlatform('linux/amd46'), { code: 'BAD_PLATFORM', hint: 'Did you mean amd64?' });
  assert.throws(() => parsePlatform('linus/amd64'), { code: 'BAD_PLATFORM', hint: 'Did you mean linux?' });
  assert.equal(formatPlatform(parsePlatform('plan9/sparc64')), 'plan9/sparc64');
});

test('arm64 with and without its only variant match; other variants do not', () => {
  assert.ok(matchesPlatform(parsePlatform('arm64'), { os: 'linux', architecture: 'arm64', variant: 'v8' }));
  assert.ok(!matchesPlatform(parsePlatform('linux/arm/v6'), parsePlatform('linux/arm/v7')));
  assert.ok(!matchesPlatform(parsePlatform('linux/amd64'), { os: 'windows', architecture: 'amd64' }));
});

test('the platform of this machine is a linux one', () => {
  assert.match(formatPlatform(hostPlatform()), /^linux\//);
  assert.equal(formatPlatform(hostPlatform('x64')), 'linux/amd64');
  assert.equal(formatPlatform(hostPlatform('arm')), 'linux/arm/v7');
});
