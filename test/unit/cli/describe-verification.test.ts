import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { describeVerification, verificationError } from '../../../src/cli/describe-verification.ts';
import type { PodState, WorkloadState } from '../../../src/kubernetes/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import type { Verification } from '../../../src/rehearsal/index.ts';

const digest = digestOf('image');
const WEB: WorkloadState = { kind: 'Deployment', namespace: 'shop', name: 'web', ready: true };
const LATE: WorkloadState = { ...WEB, name: 'db', ready: false, why: '0 of 1 replicas are available' };
const LATE_POD: PodState = {
  ...{ namespace: 'shop', name: 'db-0', uid: '1', owner: 'Deployment shop/db', ready: false, images: [] },
  ...{ problem: 'ImagePullBackOff', events: ['Failed: it is not in the image'] },
  logs: [{ container: 'db', lines: ['no luck'] }],
};

function proven(changes: Partial<Verification> = {}): Verification {
  return {
    ...{ ok: true, digest, clusterImage: 'docker.io/rancher/k3s:v1.33.4-k3s1' },
    ...{ used: ['docker.io/library/nginx:1.27'], missing: [], unused: [] },
    workloads: { ready: true, elapsedMs: 4000, workloads: [WEB], pods: [] },
    ...{ readyMs: 12_000, totalMs: 20_000 },
    ...changes,
  };
}

const FAILED = proven({
  ok: false,
  missing: [
    { name: 'docker.io/library/postgres:17', askers: ['Deployment shop/db'], reason: 'it is not in the image' },
  ],
  workloads: { ready: false, elapsedMs: 4000, workloads: [WEB, LATE], pods: [LATE_POD] },
});

describe('the report of a verification', () => {
  test('that saw all well is one line with counts and times', () => {
    assert.equal(
      describeVerification(proven()),
      '1 workload, all ready; 1 container image pulled from the bundle; cluster ready after 12 s, in all 20 s',
    );
  });

  test('names each missing image with who asked, and each late workload with events and logs', () => {
    const text = describeVerification(FAILED);
    assert.match(text, /^2 workloads, 1 not ready; /);
    assert.match(text, /^missing {2}postgres:17 {2}asked for by Deployment shop\/db: it is not in the image$/m);
    assert.match(text, /^Deployment shop\/db: 0 of 1 replicas are available$/m);
    for (const detail of ['pod db-0: ImagePullBackOff', 'event: Failed', '| no luck']) {
      assert.ok(text.includes(detail), detail);
    }
    assert.doesNotMatch(text, /shop\/web/, 'what is ready needs no words');
  });

  test('says that a node asked where no pod is known', () => {
    const missing = [{ name: 'quay.io/hook:1', askers: [], reason: 'it is not in the image' }];
    assert.match(describeVerification(proven({ ok: false, missing })), /^missing .*asked for by a node: /m);
  });

  test('tells what nothing asked for, with its bytes, as a hint', () => {
    const unused = [
      { name: 'docker.io/library/redis:7', digest, bytes: 30_000_000 },
      { name: 'docker.io/library/debug:1', digest, bytes: 12_000_000 },
    ];
    const text = describeVerification(proven({ unused }));
    assert.match(text, /^unused {3}redis:7 {2}30\.0 MB$/m);
    assert.match(text, /^hint: nothing asked for these \(42\.0 MB\)/m);
    assert.match(describeVerification(proven({ unused: unused.slice(0, 1) })), /^hint: nothing asked for it \(30/m);
  });
});

describe('the error of a verification that failed', () => {
  test('has each missing image and each late workload as a problem, and sums them up', () => {
    const error = verificationError(FAILED);
    assert.equal(error.code, 'VERIFY_FAILED');
    assert.equal(error.message, 'The image does not run offline: 1 image not in the bundle, 1 workload not ready');
    assert.deepEqual(
      error.problems.map(({ code, message }) => `${code} ${message}`),
      [
        'IMAGES_MISSING postgres:17, asked for by Deployment shop/db: it is not in the image',
        'WORKLOADS_NOT_READY Deployment shop/db: 0 of 1 replicas are available',
      ],
    );
    assert.match(error.hint ?? '', /--record/);
  });

  test('with nothing missing hints at events and time, and speaks of no images', () => {
    const error = verificationError(proven({ ...FAILED, missing: [] }));
    assert.equal(error.message, 'The image does not run offline: 1 workload not ready');
    assert.match(error.hint ?? '', /--cluster-timeout/);
  });
});
