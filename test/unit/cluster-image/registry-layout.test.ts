import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  blobPath,
  layerLink,
  registryFolder,
  repositoryPath,
  revisionLink,
  tagLinks,
} from '../../../src/cluster-image/layers/registry-layout.ts';
import { parseDigest } from '../../../src/oci/digest.ts';
import { isRepositoryPath, parseReference } from '../../../src/oci/reference.ts';

const HEX = 'ab'.repeat(32);
const DIGEST = parseDigest(`sha256:${HEX}`);

test('the paths are those of a distribution registry', () => {
  const v2 = 'registry/docker/registry/v2';
  assert.equal(blobPath(DIGEST), `${v2}/blobs/sha256/ab/${HEX}/data`);
  assert.equal(layerLink('a/b', DIGEST).path, `${v2}/repositories/a/b/_layers/sha256/${HEX}/link`);
  assert.equal(revisionLink('a/b', DIGEST).path, `${v2}/repositories/a/b/_manifests/revisions/sha256/${HEX}/link`);
  assert.deepEqual(
    tagLinks('a/b', 'v1', DIGEST).map(({ path }) => path),
    [
      `${v2}/repositories/a/b/_manifests/tags/v1/current/link`,
      `${v2}/repositories/a/b/_manifests/tags/v1/index/sha256/${HEX}/link`,
    ],
  );
  assert.equal(layerLink('a/b', DIGEST).digest.length, 71);
});

test('a repository keeps the host of its registry, as a name that every registry takes', () => {
  const expected: Record<string, string> = {
    nginx: 'docker.io/library/nginx',
    'quay.io/library/nginx': 'quay.io/library/nginx',
    'localhost:5000/x': 'localhost_5000/x',
    'Reg.Example.COM:443/a/b': 'reg.example.com_443/a/b',
    '127.0.0.1:5000/x': '127.0.0.1_5000/x',
    '[::1]:5000/x': 'ipv6__0-0-0-0-0-0-0-1_5000/x',
    '[FD00::00a:1]/x': 'ipv6__fd00-0-0-0-0-0-a-1/x',
    '[1:2:3:4:5:6:7:8]/x': 'ipv6__1-2-3-4-5-6-7-8/x',
    'my-host.a-b:80/x': 'my-host.a-b_80/x',
  };
  for (const [reference, path] of Object.entries(expected)) {
    assert.equal(repositoryPath(parseReference(reference)), path);
    assert.ok(isRepositoryPath(path), path);
  }
});

test('two hosts never share a folder', () => {
  const hosts = ['a:50', 'a-50', 'a.50', 'a', '[::1]', '[::1]:5', '[::5]', '0-0-0-0-0-0-0-1', 'ipv6:5'];
  assert.equal(new Set(hosts.map(registryFolder)).size, hosts.length);
  assert.equal(registryFolder('[::1]'), registryFolder('[0:0:0:0:0:0:0:1]'));
});

test('what is no IPv6 address is refused', () => {
  for (const host of ['[:::]', '[1:2]', '[1::2::3]', '[12345::]', '[1:2:3:4:5:6:7:8:9]']) {
    assert.throws(() => registryFolder(host), { code: 'INVALID_REFERENCE' }, host);
  }
});
