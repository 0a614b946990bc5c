import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { BASE_REGISTRY, baseReference, baseRegistry } from '../../../src/oci/base-name.ts';
import { formatReference } from '../../../src/oci/reference.ts';

const nameOf = (name: string, registry?: string) => {
  const found = baseReference(name, registry);
  return found === undefined ? undefined : formatReference(found);
};

test('the bare names of base images are ours, with their tags and digests', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  assert.equal(nameOf('k3s:v1.33'), `${BASE_REGISTRY}/k3s:v1.33`);
  assert.equal(nameOf('kubeadm'), `${BASE_REGISTRY}/kubeadm:latest`);
  assert.equal(nameOf(`k0s:v1.33@${digest}`), `${BASE_REGISTRY}/k0s:v1.33@${digest}`);
  assert.equal(nameOf('k3s:v1', 'localhost:5000/a/b/'), 'localhost:5000/a/b/k3s:v1');
});

test('every name with a registry or a path, and every other name, is what docker takes it for', () => {
  for (const name of [
    'rancher/k3s:v1',
    'docker.io/library/k3s',
    'k3s/k3s',
    'k3s-agent',
    'k3sx:v1',
    'nginx',
    'K3S:v1',
  ]) {
    assert.equal(nameOf(name), undefined, name);
  }
});

test('the flag wins over the environment, and both over the default', () => {
  assert.equal(baseRegistry({}), BASE_REGISTRY);
  assert.equal(baseRegistry({ SEALER_BASE_REGISTRY: 'localhost:5000/' }), 'localhost:5000');
  assert.equal(
    baseRegistry({ SEALER_BASE_REGISTRY: 'localhost:5000' }, 'registry.example.com/x'),
    'registry.example.com/x',
  );
  for (const wrong of [
    'bases',
    'https://registry.example.com',
    'registry.example.com/X',
    'r.example.com/a:b',
    'r.example.com/a@b',
  ]) {
    assert.throws(
      () => baseRegistry({ SEALER_BASE_REGISTRY: wrong }),
      (error) => error instanceof SealerError && error.code === 'USAGE',
      wrong,
    );
  }
});
