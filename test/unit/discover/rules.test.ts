import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRules } from '../../../src/discover/index.ts';
import { compilePattern, matchesGlob } from '../../../src/discover/rules/glob.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';

const RULES = `images:
  keys:
    - { kind: MyDatabase, path: spec.engine.image }
    - { key: sidecar }
    - { path: "spec.*.picture", certain: false }
  ignore: [ "docker.io/library/busybox:*" ]
  allowMissing: [ "quay.io/example/optional:*" ]
  replace:
    - { from: docker.io/, to: mirror.example.com/hub/ }
    - { from: quay.io/example, to: other.example.com:5000/example }
  sources: [ docker, podman, containerd ]
charts:
  web: { values: [[a.yaml], [b.yaml, c.yaml]], kubeVersion: "1.30", apiVersions: [monitoring.coreos.com/v1] }
  charts/db/: { values: [one.yaml, two.yaml] }
`;

test('every rule of the format is read', () => {
  const { rules, problems } = parseRules(RULES, 'sealer.yaml');
  assert.deepEqual(problems, []);
  assert.deepEqual(rules.keys, [
    { kind: 'MyDatabase', path: ['spec', 'engine', 'image'], isCertain: true },
    { key: 'sidecar', isCertain: true },
    { path: ['spec', '*', 'picture'], isCertain: false },
  ]);
  assert.deepEqual(rules.sources, ['docker', 'podman', 'containerd']);
  assert.deepEqual(rules.charts.get('web')?.values, [['a.yaml'], ['b.yaml', 'c.yaml']]);
  assert.deepEqual(rules.charts.get('charts/db')?.values, [['one.yaml', 'two.yaml']]);
  assert.equal(rules.charts.get('web')?.kubeVersion, '1.30');
  assert.equal(rules.mayBeMissing(parseReference('quay.io/example/optional:1')), true);
  assert.equal(rules.mayBeMissing(parseReference('quay.io/example/needed:1')), false);
});

test('a replacement says where to fetch, at the borders of names, and tags and digests stay', () => {
  const { fetchFrom } = parseRules(RULES, 'f').rules;
  const digest = `sha256:${'a'.repeat(64)}`;
  const at = (name: string) => formatReference(fetchFrom(parseReference(name)));
  assert.equal(at('nginx:1'), 'mirror.example.com/hub/library/nginx:1');
  assert.equal(at(`nginx:1@${digest}`), `mirror.example.com/hub/library/nginx:1@${digest}`);
  assert.equal(at('quay.io/example/a:1'), 'other.example.com:5000/example/a:1');
  assert.equal(at('quay.io/example2/a:1'), 'quay.io/example2/a:1');
});

test('no rules are rules too', () => {
  for (const text of ['', '# only a comment\n', 'images:\ncharts:\n', '{}\n']) {
    const { rules, problems } = parseRules(text, 'f');
    assert.deepEqual([problems, rules.keys, rules.ignore, rules.sources], [[], [], [], []], text);
  }
});

test('a mistake is an error with its line and the nearest known key, and the rest counts', () => {
  const text = `images:
  ingore: [a]
  sources: [dokcer, podman]
  keys: {}
  replace: [{ from: docker.io/ }, { from: a, to: "NOT A NAME" }]
  ignore: ["Bad Name", "good:1"]
imags: {}
charts: { web: { valeus: [] } }
`;
  const { rules, problems } = parseRules(text, 'sealer.yaml');
  assert.deepEqual(
    problems.map(({ code, at, hint }) => [code, at?.line, /Did you mean \w+/.exec(hint ?? '')?.[0]]).sort(),
    [
      ['RULES_INVALID', 2, 'Did you mean ignore'],
      ['RULES_INVALID', 3, 'Did you mean docker'],
      ['RULES_INVALID', 4, undefined],
      ['RULES_INVALID', 5, undefined],
      ['RULES_INVALID', 5, undefined],
      ['RULES_INVALID', 6, undefined],
      ['RULES_INVALID', 7, 'Did you mean images'],
      ['RULES_INVALID', 8, 'Did you mean values'],
    ],
  );
  assert.deepEqual(rules.sources, ['podman']);
  assert.equal(rules.ignore.length, 1);
});

test('rules that are no YAML are an error with its place', () => {
  const { problems } = parseRules('images: [\n', 'sealer.yaml');
  assert.equal(problems[0]?.code, 'RULES_INVALID');
  assert.equal(problems[0]?.at?.file, 'sealer.yaml');
});

test('patterns mean complete names and short ones, with and without digest', () => {
  const digest = `sha256:${'b'.repeat(64)}`;
  const matches = (pattern: string, name: string) => compilePattern(pattern)(parseReference(name));
  assert.equal(matches('docker.io/library/*', 'nginx:1'), true);
  assert.equal(matches('nginx:*', 'nginx:1'), true);
  assert.equal(matches('nginx:1.?', 'nginx:1.2'), true);
  assert.equal(matches('nginx:1.?', 'nginx:1.22'), false);
  assert.equal(matches('*/app:v1', `quay.io/a/app:v1@${digest}`), true);
  assert.equal(matches('quay.io/*', 'nginx'), false);
  assert.equal(matches('nginx', 'nginx:latest'), true);
  assert.equal(matches('nginx', 'nginx:1'), false);
  assert.throws(() => compilePattern('Not A Name'), { code: 'INVALID_REFERENCE' });
});

test('a pattern of many stars takes no longer than the name is long', () => {
  const start = process.cpuUsage();
  assert.equal(matchesGlob(`${'*a'.repeat(100)}*b`, 'a'.repeat(5000)), false);
  assert.ok(process.cpuUsage(start).user < 1_000_000);
});
