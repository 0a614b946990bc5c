import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  algorithmOf,
  createDigester,
  digestOf,
  hexOf,
  isDigest,
  parseDigest,
  shortDigest,
} from '../../../src/oci/digest.ts';

/** The digest of `{}`, as image-spec 1.1.1 prints it for the empty descriptor. */
const EMPTY_JSON = 'sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';

test('the digest of {} is the one that image-spec prints', () => {
  assert.equal(digestOf('{}'), EMPTY_JSON);
});

test('a digest over pieces equals the digest of the whole', () => {
  for (const algorithm of ['sha256', 'sha512'] as const) {
    const digester = createDigester(algorithm);
    digester.update(Buffer.from('{'));
    digester.update(Buffer.from('}'));
    const digest = digester.digest();
    assert.equal(digest, digestOf('{}', algorithm));
    assert.equal(algorithmOf(digest), algorithm);
  }
});

test('upper case, short and unknown digests are refused', () => {
  const upper = EMPTY_JSON.toUpperCase().replace('SHA256', 'sha256');
  for (const bad of [
    upper,
    'sha256:ab',
    'md5:d41d8cd98f00b204e9800998ecf8427e',
    EMPTY_JSON.slice(7),
    `${EMPTY_JSON}\n`,
  ]) {
    assert.ok(!isDigest(bad), bad);
    assert.throws(() => parseDigest(bad), { code: 'INVALID_DIGEST' });
  }
});

test('a digest of one algorithm with the length of another is refused', () => {
  assert.ok(!isDigest(`sha512:${'a'.repeat(64)}`));
  assert.ok(!isDigest(`sha256:${'a'.repeat(128)}`));
});

test('the parts of a digest', () => {
  const digest = parseDigest(EMPTY_JSON);
  assert.equal(hexOf(digest).length, 64);
  assert.equal(shortDigest(digest), '44136fa355b3');
});
