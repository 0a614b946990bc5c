import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import {
  familiarReference,
  formatReference,
  isReference,
  manifestReference,
  parseReference,
  parseRepository,
} from '../../../src/oci/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

for (const [written, complete] of [
  ['nginx', 'docker.io/library/nginx:latest'],
  ['nginx:1.25', 'docker.io/library/nginx:1.25'],
  ['bitnami/redis', 'docker.io/bitnami/redis:latest'],
  ['index.docker.io/nginx:1', 'docker.io/library/nginx:1'],
  ['localhost/app', 'localhost/app:latest'],
  ['localhost:5000/app', 'localhost:5000/app:latest'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['[::1]:5000/x', '[::1]:5000/x:latest'],
  ['[fe80::1]/team/x:v2', '[fe80::1]/team/x:v2'],
  ['127.0.0.1:5000/a/b/c:v1', '127.0.0.1:5000/a/b/c:v1'],
  ['quay.io/a__b/c-d.e:v1_2.3-x', 'quay.io/a__b/c-d.e:v1_2.3-x'],
  ['Registry/app:v1', 'Registry/app:v1'],
  [`nginx@${DIGEST}`, `docker.io/library/nginx@${DIGEST}`],
  [`quay.io/x/y:v1@${DIGEST}`, `quay.io/x/y:v1@${DIGEST}`],
] as const) {
  test(`"${written}" is ${complete}`, () => {
    assert.equal(formatReference(parseReference(written)), complete);
    assert.ok(isReference(written));
  });
}

test('a tag and a digest are both kept, and the digest is what a registry is asked for', () => {
  const reference = parseReference(`repo:v1@${DIGEST}`);
  assert.equal(reference.tag, 'v1');
  assert.equal(reference.digest, DIGEST);
  assert.equal(manifestReference(reference), DIGEST);
});

test('the familiar name leaves out what docker leaves out', () => {
  assert.equal(familiarReference(parseReference('nginx:1')), 'nginx:1');
  assert.equal(familiarReference(parseReference('bitnami/redis:7')), 'bitnami/redis:7');
  assert.equal(familiarReference(parseReference('quay.io/a/b:7')), 'quay.io/a/b:7');
});

for (const bad of [
  '',
  ' nginx',
  'nginx:',
  'nginx:1.25#c',
  'NGINX',
  'a//b',
  'a/../b',
  '/nginx',
  'nginx/',
  'nginx@sha256:abc',
  'nginx@md5:d41d8cd98f00b204e9800998ecf8427e',
  'a:b:c/d',
  '-a/b',
  'a_-b/c$',
  'a'.repeat(256),
  'a'.repeat(64),
  `nginx:${'t'.repeat(129)}`,
]) {
  test(`"${bad.slice(0, 40)}" is refused with a hint`, () => {
    assert.throws(
      () => parseReference(bad),
      (error: unknown) =>
        error instanceof SealerError && error.code === 'INVALID_REFERENCE' && error.hint !== undefined,
    );
    assert.ok(!isReference(bad));
  });
}

test('a capital in a repository is told with the name to write', () => {
  assert.throws(() => parseReference('quay.io/Team/app'), { hint: 'Write quay.io/team/app.' });
});

test('a repository has neither tag nor digest', () => {
  assert.deepEqual(parseRepository('localhost:5000/app'), { registry: 'localhost:5000', repository: 'app' });
  assert.throws(() => parseRepository('app:v1'), { code: 'INVALID_REFERENCE' });
});
