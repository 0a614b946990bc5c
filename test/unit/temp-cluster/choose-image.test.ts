/** Which image of k3s is taken for a version of Kubernetes. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { parseDigest } from '../../../src/oci/digest.ts';
import { formatReference, type Reference } from '../../../src/oci/reference.ts';
import { chooseClusterImage, DEFAULT_MINOR } from '../../../src/temp-cluster/index.ts';

const DIGEST = parseDigest(`sha256:${'a'.repeat(64)}`);
const TAGS = [
  'latest',
  'v1.32.9-k3s1',
  'v1.33.10-k3s1',
  'v1.33.10-k3s1-amd64',
  'v1.33.4-k3s1',
  'v1.33.4-k3s10',
  'v1.33.4-k3s2',
  'v1.33.11-rc1-k3s1',
  'v1.34.0-k3s1',
];

/** A registry with these tags, which says what was asked of it. */
function registry(tags: readonly string[] = TAGS) {
  const resolved: string[] = [];
  return {
    resolved,
    async *tags() {
      yield* tags;
    },
    async resolve(reference: Reference) {
      resolved.push(formatReference(reference));
      if (!tags.includes(reference.tag ?? '')) throw new SealerError('IMAGE_NOT_FOUND', 'It is not there');
      return { mediaType: 'application/vnd.oci.image.index.v1+json', digest: DIGEST, size: 1 };
    },
  };
}

for (const [version, tag] of [
  ['v1.33.4', 'v1.33.4-k3s10'],
  ['1.33', 'v1.33.10-k3s1'],
  ['v1.33.4+k3s1', 'v1.33.4-k3s1'],
  ['v1.32.9', 'v1.32.9-k3s1'],
  [undefined, 'v1.33.10-k3s1'],
] as const) {
  test(`Kubernetes ${version ?? `of nobody's choice (${DEFAULT_MINOR})`} is run by ${tag}, by digest`, async () => {
    assert.equal(await chooseClusterImage(registry(), version), `docker.io/rancher/k3s:${tag}@${DIGEST}`);
  });
}

test('an exact release costs no list of tags', async () => {
  const client = registry();
  const tags = () => assert.fail('the tags are listed');
  await chooseClusterImage({ ...client, tags }, 'v1.33.4+k3s1');
  assert.deepEqual(client.resolved, ['docker.io/rancher/k3s:v1.33.4-k3s1']);
});

for (const [version, code, hint] of [
  ['v1.33.5', 'IMAGE_NOT_FOUND', /--cluster-image.*v1\.33\.4-k3s10, v1\.33\.10-k3s1/],
  ['1.99', 'IMAGE_NOT_FOUND', /--cluster-image.*v1\.34\.0-k3s1/],
  ['v1.33.4+k3s7', 'IMAGE_NOT_FOUND', /--cluster-image/],
  ['newest', 'BAD_CONSTRAINT', /v1\.33\.4/],
] as const) {
  test(`there is none for ${version}, and the hint says what there is`, async () => {
    await assert.rejects(chooseClusterImage(registry(), version), (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, code);
      assert.match(error.hint ?? '', hint);
      return true;
    });
  });
}
