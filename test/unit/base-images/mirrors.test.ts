import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mirrorArgs } from '../../../src/base-images/index.ts';
import { mirroredReference, readMirrors } from '../../../src/cli/base-images/mirrors.ts';
import { SealerError } from '../../../src/error.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';

test('mirrors of files have a scheme, mirrors of images have none; flags win over the environment', () => {
  const env = { SEALER_MIRRORS: 'github.com=https://a.example.com/gh, dl.k8s.io=http://127.0.0.1:1/k8s' };
  const { files, registries } = readMirrors(
    ['github.com=https://b.example.com/', 'registry.k8s.io=m.example.com:5000/k8s'],
    env,
  );
  assert.deepEqual(files, { 'github.com': 'https://b.example.com/', 'dl.k8s.io': 'http://127.0.0.1:1/k8s' });
  const named = (name: string) => formatReference(mirroredReference(parseReference(name), registries));
  assert.equal(named('registry.k8s.io/coredns/coredns:v1'), 'm.example.com:5000/k8s/coredns/coredns:v1');
  assert.equal(named('quay.io/a/b:v1'), 'quay.io/a/b:v1');
});

test('hosts become arguments of Kubefiles, their addresses without a slash at the end', () => {
  assert.deepEqual(mirrorArgs({ 'dl.k8s.io': 'https://m.example.com/k8s/', 'raw.githubusercontent.com': 'http://x' }), {
    DL_K8S_IO: 'https://m.example.com/k8s',
    RAW_GITHUBUSERCONTENT_COM: 'http://x',
  });
});

test('what is no mirror is refused, and a password in it is not repeated', () => {
  for (const text of [
    'github.com',
    '=https://a',
    'github.com=https://user:secret@a',
    'github.com=ftp://a',
    'g.com=https://a?token=x',
  ]) {
    assert.throws(
      () => readMirrors([text], {}),
      (error) => error instanceof SealerError && error.code === 'USAGE' && !error.message.includes('secret'),
      text,
    );
  }
});
