import assert from 'node:assert/strict';
import { test } from 'node:test';
import { digestOf } from '../../../src/oci/digest.ts';
import { ApiError } from '../../../src/registry/server/api-error.ts';
import { parseRoute } from '../../../src/registry/server/route.ts';

const DIGEST = digestOf('x');
const ID = '0b1f4f8e-8d43-4f0e-a6a3-3c2a1d0c9f11';

test('each endpoint of the spec is found', () => {
  assert.deepEqual(parseRoute('/v2/'), { kind: 'ping' });
  assert.deepEqual(parseRoute('/v2'), { kind: 'ping' });
  assert.deepEqual(parseRoute('/v2/_catalog'), { kind: 'catalog' });
  assert.deepEqual(parseRoute(`/v2/a/b/blobs/${DIGEST}`), { kind: 'blob', name: 'a/b', digest: DIGEST });
  assert.deepEqual(parseRoute(`/v2/a/blobs/${DIGEST.replace(':', '%3A')}`), {
    kind: 'blob',
    name: 'a',
    digest: DIGEST,
  });
  assert.deepEqual(parseRoute('/v2/a/blobs/uploads/'), { kind: 'uploads', name: 'a' });
  assert.deepEqual(parseRoute('/v2/a/blobs/uploads'), { kind: 'uploads', name: 'a' });
  assert.deepEqual(parseRoute(`/v2/a/blobs/uploads/${ID}`), { kind: 'upload', name: 'a', id: ID });
  assert.deepEqual(parseRoute('/v2/a/manifests/v1'), { kind: 'manifest', name: 'a', reference: { tag: 'v1' } });
  assert.deepEqual(parseRoute(`/v2/a/manifests/${DIGEST}`), {
    kind: 'manifest',
    name: 'a',
    reference: { digest: DIGEST },
  });
  assert.deepEqual(parseRoute('/v2/a/tags/list'), { kind: 'tags', name: 'a' });
  assert.deepEqual(parseRoute(`/v2/a/referrers/${DIGEST}`), { kind: 'referrers', name: 'a', digest: DIGEST });
});

test('repositories may be called like endpoints', () => {
  assert.deepEqual(parseRoute('/v2/manifests/tags/list'), { kind: 'tags', name: 'manifests' });
  assert.deepEqual(parseRoute('/v2/a/blobs/uploads/manifests/v1'), {
    kind: 'manifest',
    name: 'a/blobs/uploads',
    reference: { tag: 'v1' },
  });
});

test('what is no endpoint is none', () => {
  for (const path of [
    '/',
    '/v1/',
    '/v2/x',
    '/v2/a/b',
    '/v2/a/tags',
    '/v3/a/tags/list',
    '/v2/a/tags/list/',
    '/v2/%zz',
  ]) {
    assert.equal(parseRoute(path), undefined, path);
  }
});

test('a name that could leave the storage is refused', () => {
  const paths = [
    '/v2/../manifests/v1',
    '/v2/a/../../etc/manifests/v1',
    '/v2/a/%2e%2e/b/manifests/v1',
    '/v2/a%2f..%2fb/manifests/v1',
    '/v2/a//b/manifests/v1',
    '/v2//etc/manifests/v1',
    '/v2/a\\b/manifests/v1',
    '/v2/a%00/manifests/v1',
    '/v2/_manifests/manifests/v1',
    '/v2/A/manifests/v1',
    `/v2/${'a'.repeat(256)}/manifests/v1`,
  ];
  for (const path of paths) assert.throws(() => parseRoute(path), code('NAME_INVALID'), path);
});

test('digests, tags and upload ids are checked', () => {
  assert.throws(() => parseRoute('/v2/a/blobs/sha256:abc'), code('DIGEST_INVALID'));
  assert.throws(() => parseRoute(`/v2/a/blobs/${DIGEST.toUpperCase()}`), code('DIGEST_INVALID'));
  assert.throws(() => parseRoute('/v2/a/manifests/md5:abc'), code('DIGEST_INVALID'));
  assert.throws(() => parseRoute('/v2/a/manifests/..'), code('MANIFEST_INVALID'));
  assert.throws(() => parseRoute(`/v2/a/manifests/${'t'.repeat(129)}`), code('MANIFEST_INVALID'));
  assert.throws(() => parseRoute('/v2/a/blobs/uploads/..'), code('BLOB_UPLOAD_UNKNOWN'));
  assert.throws(() => parseRoute('/v2/a/referrers/nope'), code('DIGEST_INVALID'));
});

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof ApiError && error.code === expected;
}
