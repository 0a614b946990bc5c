import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compareEntries,
  describeChanges,
  parseVersions,
  releasesOf,
  writeVersions,
} from '../../../src/base-images/index.ts';
import { SealerError } from '../../../src/error.ts';

const SUM = 'a'.repeat(64);
const DIGEST = `sha256:${'b'.repeat(64)}`;

const TEXT = `# What is built.
schema: 1
runtime: kubeadm
architectures: [amd64, arm64]
variants: [flannel, calico]
channels: [stable, v1.33] # those that live
keep: 2
components: { containerd: '2.3' }
versions:
  # The last one with that bug.
  - version: v1.33.4
    notes: https://example.com/notes/v1.33.4
    components:
      containerd: v2.3.4
    assets:
      any:
        calico:
          url: https://example.com/calico.yaml
          sha256: ${SUM}
      linux/amd64:
        cni-plugins:
          url: https://example.com/v1%2Bx/cni.tgz
          sha256: ${SUM}
      linux/arm64:
        cni-plugins:
          url: https://example.com/v1%2Bx/cni-arm64.tgz
          sha256: ${SUM}
    images:
      kube-proxy: registry.k8s.io/kube-proxy:v1.33.4@${DIGEST}
    variants:
      flannel:
        images:
          flannel: ghcr.io/flannel-io/flannel:v0.28.4@${DIGEST}
  - version: v1.33.3
    assets:
      linux/amd64:
        cni-plugins:
          url: https://example.com/old.tgz
          sha256: ${SUM}
`;

/** The problems of a text, with their lines. */
function problemsOf(text: string): readonly string[] {
  try {
    parseVersions(text, 'versions.yaml');
    return [];
  } catch (error) {
    assert.ok(error instanceof SealerError);
    assert.equal(error.code, 'VERSIONS_INVALID');
    return error.problems.map(({ message, at }) => `${at?.line}: ${message}`);
  }
}

test('what is read and written again is the same text, with its comments', () => {
  const { versions } = parseVersions(TEXT, 'versions.yaml');
  assert.equal(writeVersions(TEXT, versions), TEXT);
  assert.match(writeVersions(TEXT, []), /# those that live\n[\s\S]*\nversions: \[\]\n$/);
});

test('every mistake is told with its line', () => {
  const text = TEXT.replace('schema: 1', 'schema: 2')
    .replace('keep: 2', 'keep: many')
    .replace('kube-proxy:v1.33.4@', 'kube-proxy:v1.33.4 #@')
    .replace('https://example.com/calico.yaml', 'http://example.com/calico.yaml')
    .replace(`cni-arm64.tgz\n          sha256: ${SUM}`, 'cni-arm64.tgz\n          sha256: 123')
    .replace('      flannel:\n        images', '      weave:\n        images')
    .replace('version: v1.33.3', 'version: v1.33');
  assert.deepEqual(problemsOf(text), [
    '2: schema 2 is not known',
    '7: keep is "many"',
    '18: "http://example.com/calico.yaml" is no address of an asset',
    '27: "123" is no sha256',
    '29: kube-proxy is "registry.k8s.io/kube-proxy:v1.33.4"',
    '32: variants has no weave',
    '34: "v1.33" is no version of Kubernetes',
  ]);
});

test('an address that a shell or a Kubefile would take for more than a path is refused', () => {
  for (const url of [
    'https://example.com/$HOME',
    'https://example.com/a?b=c',
    'https://u:p@example.com/a',
    'https://example.com/a b',
    'https://example.com/ours/../theirs/a',
    'https://example.com/ours/%2e%2e/theirs/a',
  ]) {
    assert.equal(problemsOf(TEXT.replace('https://example.com/calico.yaml', `'${url}'`)).length, 1, url);
  }
});

test('two builds of one release of Kubernetes would have one tag, and are refused', () => {
  const text = TEXT.replace('version: v1.33.4', 'version: v1.33.3+k3s2');
  assert.deepEqual(problemsOf(text), ['34: v1.33.3 and v1.33.3+k3s2 would have the same tag, v1.33.3']);
});

test('merge conflicts, several documents and lists are no versions.yaml', () => {
  for (const text of ['', '- a\n', `${TEXT}---\na: b\n`, `<<<<<<< ours\n${TEXT}`])
    assert.notEqual(problemsOf(text).length, 0, text);
});

test('tags: the newest patch of a minor version has the floating one; the first variant has no suffix', () => {
  const releases = releasesOf(parseVersions(TEXT, 'versions.yaml'));
  assert.deepEqual(
    releases.map(({ id, tag, floating }) => [id, tag, floating]),
    [
      ['kubeadm-v1.33.4', 'v1.33.4', ['v1.33']],
      ['kubeadm-v1.33.4-calico', 'v1.33.4-calico', ['v1.33-calico']],
      ['kubeadm-v1.33.3', 'v1.33.3', []],
      ['kubeadm-v1.33.3-calico', 'v1.33.3-calico', []],
    ],
  );
});

test('a cell has the arguments of its own platform and variant, and addresses as upstream wrote them', () => {
  const [flannel, calico] = releasesOf(parseVersions(TEXT, 'versions.yaml'));
  assert.deepEqual(flannel?.cells[1]?.buildArgs, {
    CALICO_PATH: '/calico.yaml',
    CALICO_SHA256: SUM,
    CNI_PLUGINS_PATH: '/v1%2Bx/cni-arm64.tgz',
    CNI_PLUGINS_SHA256: SUM,
    FLANNEL_IMAGE: `ghcr.io/flannel-io/flannel:v0.28.4@${DIGEST}`,
    KUBE_PROXY_IMAGE: `registry.k8s.io/kube-proxy:v1.33.4@${DIGEST}`,
    VERSION: 'v1.33.4',
  });
  assert.equal(calico?.cells[0]?.buildArgs.FLANNEL_IMAGE, undefined);
});

test('changes are told with what they take the place of, and links to what upstream says', () => {
  const before = parseVersions(TEXT, 'versions.yaml').versions;
  const after = parseVersions(
    TEXT.replaceAll('v1.33.4', 'v1.33.5').replace('version: v1.33.3', 'version: v1.33.4').replace('old.tgz', 'new.tgz'),
    'versions.yaml',
  ).versions;
  const text = describeChanges(new Map([['kubeadm', compareEntries(before, after)]]));
  assert.match(
    text,
    /^## kubeadm\n\n- \[`v1\.33\.5`\]\(https:\/\/example\.com\/notes\/v1\.33\.5\) is new, instead of `v1\.33\.3`\n/,
  );
  assert.match(text, /- `v1\.33\.3` is no longer built; what is published stays\n/);
  assert.equal(describeChanges(new Map([['kubeadm', compareEntries(before, before)]])), '');
});

test('a new component is told by its version, not by its files', () => {
  const { versions } = parseVersions(TEXT, 'versions.yaml');
  const after = parseVersions(
    TEXT.replace('containerd: v2.3.4', 'containerd: v2.3.5').replace('cni.tgz', 'cni-2.tgz'),
    'versions.yaml',
  ).versions;
  assert.deepEqual(
    compareEntries(versions, after).map(({ kind, details }) => [kind, details]),
    [['changed', ['containerd v2.3.4 → v2.3.5', 'asset cni-plugins of linux/amd64']]],
  );
});
