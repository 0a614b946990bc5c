import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../src/registry/server/api-error.ts';
import {
  addressedName,
  repositoriesForReading,
  repositoryForWriting,
} from '../../../src/registry/server/store/store-names.ts';

test('what is pushed to an address is named with it', () => {
  assert.equal(repositoryForWriting('shop', { host: 'localhost:5000' }), 'localhost:5000/shop');
  assert.equal(repositoryForWriting('team/shop', { host: 'reg.example.com' }), 'reg.example.com/team/shop');
  assert.equal(repositoryForWriting('shop', { host: '[::1]:5000' }), '[::1]:5000/shop');
});

test('a Host header that cannot stand in an image name is refused', () => {
  for (const host of ['plainhost', '../..', 'a b:1', '', 'x@y:1', 'h:1/evil']) {
    assert.throws(
      () => repositoryForWriting('shop', { host }),
      (error) => error instanceof ApiError && error.code === 'NAME_INVALID',
      host,
    );
  }
});

test('a pull means the mirrored registry first, then this address, then the whole name', () => {
  const host = 'reg.example.com:5000';
  assert.deepEqual(repositoriesForReading('library/nginx', { host, namespace: 'docker.io' }), [
    'docker.io/library/nginx',
    'reg.example.com:5000/library/nginx',
    'docker.io/library/nginx',
  ]);
  assert.deepEqual(repositoriesForReading('quay.io/a/b', { host }).slice(0, 2), [
    'reg.example.com:5000/quay.io/a/b',
    'quay.io/a/b',
  ]);
});

test('loopback is one registry under all of its names', () => {
  const candidates = repositoriesForReading('shop', { host: '127.0.0.1:5000' });
  assert.deepEqual(candidates.slice(0, 3), ['127.0.0.1:5000/shop', 'localhost:5000/shop', '[::1]:5000/shop']);
  assert.equal(addressedName('localhost:5000/shop', { host: '127.0.0.1:5000' }), 'shop');
  assert.equal(addressedName('localhost:5001/shop', { host: '127.0.0.1:5000' }), undefined);
  assert.equal(addressedName('docker.io/library/nginx', { host: '127.0.0.1:5000' }), 'docker.io/library/nginx');
});
