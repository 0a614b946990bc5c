import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PodState } from '../../../src/kubernetes/index.ts';
import type { Pull } from '../../../src/registry/proxy/index.ts';
import { askedImages, imageKey } from '../../../src/rehearsal/asked.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function served(name: string): Pull {
  return { name, outcome: 'served', at: 0 };
}

function missing(name: string, reason?: string): Pull {
  return { name, outcome: 'missing', at: 0, ...(reason === undefined ? {} : { reason }) };
}

function pod(name: string, images: readonly string[], owner?: string): PodState {
  const uses = images.map((image, i) => ({ container: `c${i}`, image }));
  const common = { namespace: 'shop', name, uid: name, ready: true, images: uses, events: [], logs: [] };
  return owner === undefined ? common : { ...common, owner };
}

describe('the images that were asked for', () => {
  test('are those of the pulls and those of the pods, each once, by their complete names and sorted', () => {
    const pulls = [served('quay.io/b/b:1'), served('docker.io/library/nginx:1.27'), served('quay.io/b/b:1')];
    const asked = askedImages({ pods: [pod('web', ['nginx:1.27', 'busybox'])] }, pulls);
    assert.deepEqual(
      asked.map(({ name }) => name),
      ['docker.io/library/busybox:latest', 'docker.io/library/nginx:1.27', 'quay.io/b/b:1'],
    );
  });

  test('know who asked: workloads, and pods that nobody owns, each once and sorted', () => {
    const pods = [
      pod('once', ['nginx:1']),
      pod('web-2', ['docker.io/library/nginx:1'], 'Deployment shop/web'),
      pod('web-1', ['nginx:1', 'nginx:1'], 'Deployment shop/web'),
    ];
    const [image] = askedImages({ pods }, [served('docker.io/library/nginx:1')]);
    assert.deepEqual(image?.askers, ['Deployment shop/web', 'Pod shop/once']);
  });

  test('have no askers where the pod is gone or could not be seen yet', () => {
    assert.deepEqual(askedImages({ pods: [] }, [served('quay.io/hook:1')]), [{ name: 'quay.io/hook:1', askers: [] }]);
  });

  test('are missing where the last answer was so, and say why', () => {
    const reasonOf = (...pulls: Pull[]) => askedImages({ pods: [] }, pulls)[0]?.reason;
    const name = 'quay.io/a:1';
    assert.equal(reasonOf(missing(name, 'it is not in the image')), 'it is not in the image');
    assert.equal(reasonOf(missing(name)), 'it is not there');
    assert.equal(reasonOf(missing(name, 'slow down'), served(name)), undefined, 'a second try brought it');
    assert.equal(reasonOf(served(name), missing(name, 'gone')), 'gone', 'it was there only at first');
    assert.equal(reasonOf(missing(name, 'first'), missing(name, 'second')), 'second');
  });

  test('do not include what no container runtime could pull', () => {
    assert.deepEqual(askedImages({ pods: [pod('web', ['Not An Image', ''])] }, []), []);
  });

  test('are one where a node asks for the digest of what a pod names with its tag', () => {
    const pods = [pod('web', [`quay.io/a:1@${DIGEST}`], 'Deployment shop/web')];
    const whole = { name: `quay.io/a:1@${DIGEST}`, askers: ['Deployment shop/web'] };
    assert.deepEqual(askedImages({ pods }, [served(`quay.io/a@${DIGEST}`)]), [whole]);
    assert.deepEqual(askedImages({ pods }, [missing(`quay.io/a@${DIGEST}`, 'no')]), [{ ...whole, reason: 'no' }]);
  });
});

describe('what identifies an image', () => {
  test('is its digest where it has one, else its tag', () => {
    assert.equal(imageKey(`quay.io/a:1@${DIGEST}`), `quay.io/a@${DIGEST}`);
    assert.equal(imageKey(`quay.io/a@${DIGEST}`), `quay.io/a@${DIGEST}`);
    assert.equal(imageKey('quay.io/a:1'), 'quay.io/a:1');
    assert.notEqual(imageKey(`quay.io/b@${DIGEST}`), imageKey(`quay.io/a@${DIGEST}`));
  });
});
