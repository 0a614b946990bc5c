import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { checkKubeVersion } from '../../../../src/cluster/image/kube-version-check.ts';

const LABEL = 'app.alpha.sealer.io/supported-kube-version';

function image(constraint: string) {
  return { name: 'shop:v1', extension: { labels: { [LABEL]: constraint } } };
}

/** Constraint; versions inside; versions outside. The answers are those of Masterminds/semver v3. */
const CASES: readonly [string, readonly string[], readonly string[]][] = [
  ['>=1.28', ['v1.28.0', 'v1.40.1', '1.28.3+k3s1'], ['v1.27.9', 'v1.28.0-rc.1']],
  ['>=1.28, <1.30', ['v1.28.0', 'v1.29.9'], ['v1.30.0', 'v1.27.1']],
  ['>=1.28 <1.30', ['v1.29.1'], ['v1.30.0']],
  ['<=1.30', ['v1.30.9', 'v1.2.0'], ['v1.31.0', 'v2.0.0']],
  ['<=1.30.2', ['v1.30.2'], ['v1.30.3']],
  ['>1.30', ['v1.31.0'], ['v1.30.9']],
  ['>1', ['v2.0.0'], ['v1.99.0']],
  ['~1.28', ['v1.28.0', 'v1.28.14'], ['v1.29.0', 'v1.27.0']],
  ['~1.28.3', ['v1.28.3', 'v1.28.4'], ['v1.28.2', 'v1.29.3']],
  ['~>1', ['v1.0.0', 'v1.35.0'], ['v2.0.0']],
  ['^1.20', ['v1.20.0', 'v1.36.4'], ['v1.19.9', 'v2.0.0']],
  ['^0.2.3', ['v0.2.4'], ['v0.3.0', 'v1.0.0']],
  ['1.28.x', ['v1.28.7'], ['v1.29.0']],
  ['1.28', ['v1.28.7'], ['v1.29.0']],
  ['v1.28.7', ['v1.28.7', 'v1.28.7+k0s.0'], ['v1.28.8']],
  ['!=1.29', ['v1.28.0', 'v1.30.0'], ['v1.29.4']],
  ['!=1.29.4', ['v1.29.3'], ['v1.29.4']],
  ['*', ['v1.0.0', 'v3.2.1'], ['v1.0.0-alpha.1']],
  ['1.26 - 1.28', ['v1.26.0', 'v1.28.9'], ['v1.25.9', 'v1.29.0']],
  ['~1.26 || >=1.30', ['v1.26.4', 'v1.30.0'], ['v1.28.0']],
  ['>=1.37.0-rc.0', ['v1.37.0-rc.1', 'v1.37.0'], ['v1.37.0-beta.3']],
];

describe('checkKubeVersion', () => {
  for (const [constraint, inside, outside] of CASES) {
    it(`${constraint} takes ${inside.join(', ')} and refuses ${outside.join(', ')}`, () => {
      for (const version of inside) checkKubeVersion(image(constraint), version);
      for (const version of outside) {
        assert.throws(() => checkKubeVersion(image(constraint), version), { code: 'KUBE_VERSION_MISMATCH' }, version);
      }
    });
  }

  it('passes an image that names no versions', () => {
    checkKubeVersion({ name: 'shop:v1', extension: { labels: {} } }, 'v1.2.3');
  });

  it('names the image, its constraint and the version of the cluster', () => {
    assert.throws(() => checkKubeVersion(image('>=1.28'), 'v1.20.2'), {
      message: 'shop:v1 is for Kubernetes >=1.28, and the cluster has v1.20.2',
    });
  });

  it('refuses a constraint that is none instead of letting everything pass', () => {
    assert.throws(() => checkKubeVersion(image('at least 1.28'), 'v1.30.0'), { code: 'BAD_CONSTRAINT' });
    assert.throws(() => checkKubeVersion(image('>=1.28 ||'), 'v1.30.0'), { code: 'BAD_CONSTRAINT' });
  });
});
