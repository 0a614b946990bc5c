import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findInManifests } from '../../../src/discover/index.ts';
import { formatReference } from '../../../src/oci/reference.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

/** `reference @ line:column path` of each finding. */
function found(text: string): string[] {
  const { findings, problems } = findInManifests(text, 'm.yaml');
  assert.deepEqual(problems, []);
  return findings.map(({ reference, at, path }) => `${formatReference(reference)} @ ${at.line}:${at.column} ${path}`);
}

function images(text: string): string[] {
  return found(text).map((each) => each.slice(0, each.indexOf(' ')));
}

const WORKLOADS: readonly [kind: string, path: string][] = [
  ['Pod', 'spec'],
  ['PodTemplate', 'template.spec'],
  ['Deployment', 'spec.template.spec'],
  ['StatefulSet', 'spec.template.spec'],
  ['DaemonSet', 'spec.template.spec'],
  ['ReplicaSet', 'spec.template.spec'],
  ['ReplicationController', 'spec.template.spec'],
  ['Job', 'spec.template.spec'],
  ['CronJob', 'spec.jobTemplate.spec.template.spec'],
];

function wrap(path: string, value: unknown): unknown {
  return path.split('.').reduceRight((inner: unknown, key) => ({ [key]: inner }), value);
}

for (const [kind, path] of WORKLOADS) {
  test(`every image of a ${kind} is found, with its place and path`, () => {
    const spec = {
      initContainers: [{ name: 'i', image: 'init:1' }],
      containers: [
        { name: 'a', image: 'main:1' },
        { name: 'b', image: 'side:1' },
      ],
      ephemeralContainers: [{ name: 'e', image: 'debug:1' }],
      volumes: [
        { name: 'v', image: { reference: 'data:1', pullPolicy: 'Always' } },
        { name: 'w', emptyDir: {} },
      ],
    };
    const text = JSON.stringify({ kind, ...(wrap(path, spec) as object) });
    assert.deepEqual(
      found(text).map((each) => each.replace(/^docker.io\/library\/(\S+) @ 1:\d+ /, '$1 ')),
      [
        `init:1 ${path}.initContainers[0].image`,
        `main:1 ${path}.containers[0].image`,
        `side:1 ${path}.containers[1].image`,
        `debug:1 ${path}.ephemeralContainers[0].image`,
        `data:1 ${path}.volumes[0].image.reference`,
      ],
    );
  });
}

test('places point at the value: comments, quotes, flow style, block scalars, CRLF and a byte order mark', () => {
  const text = [
    '\uFEFF# image: not-this:1',
    'kind: Pod',
    'spec:',
    '  containers:',
    '    - image: plain:1 # not this: 2',
    '    - image:   "double:1"',
    "    - image: 'single:1'",
    '    - {name: f, image: flow:1}',
    '    - image: |-',
    '        literal:1',
    '    - image: >-',
    '        folded:1',
    '      args: ["--text=not-this:2", "image: not-this:3"]',
  ];
  const expected = [
    'plain:1 @ 5:14',
    'double:1 @ 6:16',
    'single:1 @ 7:14',
    'flow:1 @ 8:24',
    'literal:1 @ 10:9',
    'folded:1 @ 12:9',
  ];
  for (const lineBreak of ['\n', '\r\n']) {
    const seen = found(text.join(lineBreak)).map((each) => each.replace(/^docker.io\/library\/| spec.*$/g, ''));
    assert.deepEqual(seen, expected);
  }
});

test('a byte order mark does not shift the columns of the first line', () => {
  const text = '{kind: Pod, spec: {containers: [{image: a:1}]}}';
  const [plain] = findInManifests(text, 'f').findings;
  const [marked] = findInManifests(`\uFEFF${text}`, 'f').findings;
  assert.equal(plain?.at.column, 41);
  assert.equal(marked?.at.column, 41);
});

test('several documents, empty documents and directives are all read', () => {
  const pod = (image: string) => `kind: Pod\nspec: {containers: [{image: ${image}}]}\n`;
  const text = `---\n---\n# nothing\n---\n${pod('a:1')}...\n%YAML 1.2\n---\n${pod('b:1')}---\n`;
  assert.deepEqual(images(text), ['docker.io/library/a:1', 'docker.io/library/b:1']);
  assert.deepEqual(images(''), []);
  assert.deepEqual(images('# only a comment\n'), []);
});

test('objects in a List and in a typed list are found, nested lists too', () => {
  const text = `
kind: List
items:
- kind: Pod
  spec: {containers: [{image: a:1}]}
- kind: PodList
  items:
  - spec: {containers: [{image: b:1}]}
- kind: List
  items: [{kind: Job, spec: {template: {spec: {containers: [{image: c:1}]}}}}]
`;
  assert.deepEqual(
    found(text).map((each) => each.replace(/^.*library\/(\S+) \S+ \S+ /, '$1 ')),
    [
      'a:1 items[0].spec.containers[0].image',
      'b:1 items[1].items[0].spec.containers[0].image',
      'c:1 items[2].items[0].spec.template.spec.containers[0].image',
    ],
  );
});

test('anchors, aliases and merge keys are followed, and an own key wins over a merged one', () => {
  const text = `
kind: Pod
x: &base {name: base, image: &img "base:1"}
spec:
  containers:
  - <<: *base
  - <<: *base
    image: own:1
  - <<: [{name: n}, *base]
  - image: *img
  - *base
`;
  const names = ['base:1', 'own:1', 'base:1', 'base:1', 'base:1'];
  assert.deepEqual(
    images(text),
    names.map((each) => `docker.io/library/${each}`),
  );
});

test('an anchor that is set again counts from there on', () => {
  const text = `
kind: Pod
spec:
  containers:
  - image: &i one:1
  - image: *i
  - image: &i two:1
  - image: *i
`;
  assert.deepEqual(
    images(text).map((each) => each.slice('docker.io/library/'.length)),
    ['one:1', 'one:1', 'two:1', 'two:1'],
  );
});

test('aliases that multiply or lead back to themselves end', () => {
  let text = 'kind: List\nitems:\n- &a0 {kind: Pod, spec: {containers: [{image: bomb:1}]}}\n';
  for (let i = 1; i < 60; i++) text += `- &a${i} {kind: List, items: [*a${i - 1}, *a${i - 1}, *a${i - 1}]}\n`;
  assert.deepEqual(images(text), ['docker.io/library/bomb:1']);
  assert.deepEqual(images('&x\nkind: List\nitems: [*x]\n'), []);
  assert.deepEqual(images('kind: Pod\nspec: &s\n  <<: *s\n  containers: [{image: a:1}]\n'), ['docker.io/library/a:1']);
});

test('digests, tags with digests, ports and short names are told apart', () => {
  const refs = [`app@${DIGEST}`, `quay.io/a/b:v1@${DIGEST}`, 'localhost:5000/x', 'reg.example.com:443/y:2', 'nginx'];
  const text = `kind: Pod\nspec:\n  containers:\n${refs.map((ref) => `  - image: ${ref}\n`).join('')}`;
  assert.deepEqual(images(text), [
    `docker.io/library/app@${DIGEST}`,
    `quay.io/a/b:v1@${DIGEST}`,
    'localhost:5000/x:latest',
    'reg.example.com:443/y:2',
    'docker.io/library/nginx:latest',
  ]);
});

test('JSON manifests are read, with tabs and escapes', () => {
  const text = '{\n\t"kind": "Pod",\n\t"spec": {\n\t\t"containers": [{"image": "a\\u003a1"}]\n\t}\n}\n';
  assert.deepEqual(images(text), ['docker.io/library/a:1']);
});

test('an invalid reference is an error with its place, and the others are still found', () => {
  const text =
    'kind: Pod\nspec:\n  containers:\n  - image: upper/Case:1\n  - image: good:1\n  - image: ""\n  - image: {a: b}\n';
  const { findings, problems } = findInManifests(text, 'pod.yaml');
  assert.deepEqual(
    findings.map((each) => each.text),
    ['good:1'],
  );
  assert.deepEqual(
    problems.map(({ code, at, severity }) => [code, at?.file, at?.line, at?.column, severity]),
    [
      ['INVALID_REFERENCE', 'pod.yaml', 4, 12, undefined],
      ['INVALID_REFERENCE', 'pod.yaml', 6, 12, undefined],
      ['INVALID_REFERENCE', 'pod.yaml', 7, 12, undefined],
    ],
  );
});

test('an empty image is an error at its key', () => {
  const { problems } = findInManifests('kind: Pod\nspec:\n  containers:\n  - image:\n    name: a\n', 'p');
  assert.deepEqual(
    problems.map(({ at }) => [at?.line, at?.column]),
    [[4, 5]],
  );
});

test('a variable in an image is an error that says so', () => {
  const { problems } = findInManifests('kind: Pod\nspec: {containers: [{image: "${REGISTRY}/app:1"}]}', 'p');
  assert.match(problems[0]?.hint ?? '', /not expanded/);
});

test('unreadable YAML is a problem with its place', () => {
  const { findings, problems } = findInManifests('kind: Pod\nspec: [a, b\nfoo: }\n', 'bad.yaml');
  assert.deepEqual(findings, []);
  assert.equal(problems.length, 1);
  assert.equal(problems[0]?.code, 'MANIFEST_UNREADABLE');
  assert.equal(problems[0]?.at?.file, 'bad.yaml');
  assert.ok((problems[0]?.at?.line ?? 0) >= 2);
});

test('YAML deeper than any manifest is a problem, not a crash', () => {
  const { problems } = findInManifests('['.repeat(100_000), 'deep.yaml');
  assert.equal(problems[0]?.code, 'MANIFEST_UNREADABLE');
});

test('YAML that is no workload has no images and no problems', () => {
  for (const text of [
    'replicas: 1\n',
    'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
    'kind: ConfigMap\ndata: {image: "not an image"}\n',
    '- a\n- b\n',
    'just text\n',
    '!custom {a: !Ref b}\n',
    'kind: Deployment\nspec: null\n',
    'kind: [Pod]\n',
  ]) {
    assert.deepEqual(findInManifests(text, 'f'), { findings: [], problems: [] }, text);
  }
});

test('2,000 manifests in a file of 10 MB are read within seconds of a processor', () => {
  const filler = '        - {name: FOO, value: "some long value that makes up the bytes of this manifest"}\n'.repeat(
    55,
  );
  let text = '';
  for (let i = 0; i < 2000; i++) {
    text += `---\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: d${i}\nspec:\n  template:\n    spec:\n`;
    text += `      containers:\n      - name: c\n        image: nginx:1.${i}\n        env:\n${filler}`;
  }
  assert.ok(text.length > 9_000_000);
  const start = process.cpuUsage();
  assert.equal(findInManifests(text, 'big.yaml').findings.length, 2000);
  const { user, system } = process.cpuUsage(start);
  // Half a second; on a slow machine more. How fast it has to be is for the benchmark to say.
  assert.ok(user + system < 5_000_000, `took ${Math.round((user + system) / 1000)} ms`);
});
