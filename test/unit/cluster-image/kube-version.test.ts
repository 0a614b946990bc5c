import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { kubeVersionOf } from '../../../src/cluster-image/kube-version.ts';

const LABEL = 'cluster.alpha.sealer.io/cluster-runtime-version';
const METADATA = '{"version":"0.1","arch":"amd64","kubeVersion":"v1.22.15"}';

describe('the Kubernetes of a cluster image', () => {
  test('is what its label says', () => {
    assert.equal(kubeVersionOf({ [LABEL]: 'v1.33.4+k3s1', other: 'v1' }, undefined), 'v1.33.4+k3s1');
    assert.equal(kubeVersionOf({ [LABEL]: ' v1.33.4 ' }, METADATA), 'v1.33.4', 'before the Metadata');
  });

  test('is what Metadata says where there is no label, or an empty one', () => {
    assert.equal(kubeVersionOf({}, METADATA), 'v1.22.15');
    assert.equal(kubeVersionOf({ [LABEL]: ' ' }, '{"kubeVersion":" v1.22.15\\n"}'), 'v1.22.15');
  });

  test('is unknown where neither says it, whatever Metadata is', () => {
    const texts = [undefined, '', '{', 'null', '[]', '"v1"', '7', '{"kubeVersion":7}', '{"kubeVersion":" "}', '{}'];
    for (const text of texts) assert.equal(kubeVersionOf({}, text), undefined, text);
  });
});
