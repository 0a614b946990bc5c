import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import {
  applyApplicationFiles,
  applyConfig,
  type ConfigSpec,
  configPath,
  renderRootfsTemplate,
} from '../../../src/clusterfile/index.ts';
import { SealerError } from '../../../src/error.ts';
import { cpuMs } from './reading.ts';

const AT = { file: 'Clusterfile', line: 7 };

function config(over: Partial<ConfigSpec>): ConfigSpec {
  return { name: 'c', path: 'etc/a.yaml', strategy: 'overwrite', process: [], data: '', at: AT, ...over };
}

function merged(text: string, data: string, path = 'etc/a.yaml'): string {
  return applyConfig({ path, text }, config({ strategy: 'merge', data }));
}

test('overwrite puts the data in the place of the file', () => {
  assert.equal(applyConfig({ path: 'etc/a.yaml', text: 'old' }, config({ data: '# kept\na: 1\n' })), '# kept\na: 1\n');
});

test('merge goes into every document of the file', () => {
  const text = 'kind: ConfigMap\nmetadata: {name: a}\n---\n# nothing\n---\nkind: Secret\nmetadata: {name: b}\n';
  assert.equal(
    merged(text, 'metadata:\n  namespace: shop\n'),
    'kind: ConfigMap\nmetadata:\n  name: a\n  namespace: shop\n---\nkind: Secret\nmetadata:\n  name: b\n  namespace: shop\n',
  );
});

test('merge: lists of names by name, other lists replaced, null deletes', () => {
  const text = `
a: {keep: 1, drop: {x: 1}}
list: [1, 2]
containers:
  - {name: web, image: nginx:1, args: [a]}
  - {name: old, image: old}
`;
  const data = `
a: {drop: null, fresh: {y: null, z: 1}}
list: [3]
containers:
  - {name: web, image: nginx:2}
  - {name: log, image: fluent}
  - {name: old, $patch: delete}
`;
  assert.deepEqual(load(merged(text, data)), {
    a: { keep: 1, fresh: { z: 1 } },
    list: [3],
    containers: [
      { name: 'web', image: 'nginx:2', args: ['a'] },
      { name: 'log', image: 'fluent' },
    ],
  });
});

test('merge is the data where there is no file, and the same text each time', () => {
  assert.equal(applyConfig(undefined, config({ strategy: 'merge', data: 'a: 1\n' })), 'a: 1\n');
  const once = merged('b: 2\nn: y\non: off\na: yes\n', 'c: "on"\n');
  assert.equal(once, "b: 2\n'n': 'y'\n'on': false\na: true\nc: 'on'\n");
  assert.equal(merged(once, 'c: "on"\n'), once);
});

test('JSON files stay JSON', () => {
  assert.equal(merged('{"a": {"b": 1}}', 'a: {c: 2}', 'etc/a.json'), '{\n  "a": {\n    "b": 1,\n    "c": 2\n  }\n}\n');
});

test('keys of the language of our own are only keys', () => {
  const text = merged('a: 1\n', '__proto__: {polluted: true}\nconstructor: {x: 1}\n');
  assert.match(text, /__proto__:\n {2}polluted: true/);
  assert.equal(Reflect.get({}, 'polluted'), undefined);
});

test('process: of the whole data, or of each value', () => {
  const data = 'config:\n  username: root\n  n: 1\nplain: text\n';
  const whole = (process: ConfigSpec['process']) => applyConfig(undefined, config({ data, process }));
  assert.equal(whole(['toJson']), '{"config":{"username":"root","n":1},"plain":"text"}');
  assert.equal(Buffer.from(whole(['toJson', 'toBase64']), 'base64').toString(), whole(['toJson']));
  assert.deepEqual(load(whole(['value', 'toJson'])), { config: '{"username":"root","n":1}', plain: '"text"' });
  assert.deepEqual(load(whole(['value', 'toJson', 'toBase64'])), {
    config: Buffer.from('{"username":"root","n":1}').toString('base64'),
    plain: Buffer.from('"text"').toString('base64'),
  });
});

test('toSecret puts values in base64 into the Secret that is there, or into a new one', () => {
  const text = 'apiVersion: v1\nkind: Secret\nmetadata: {name: db}\ndata: {old: b2xk}\n';
  const spec = config({ process: ['toSecret'], data: 'password: hunter2\nport: 5432\n' });
  assert.deepEqual(load(applyConfig({ path: 'etc/a.yaml', text }, spec)), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'db' },
    data: { old: 'b2xk', password: 'aHVudGVyMg==', port: 'NTQzMg==' },
  });
  const fresh = load(applyConfig(undefined, spec));
  assert.deepEqual(fresh, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'c' },
    type: 'Opaque',
    data: { password: 'aHVudGVyMg==', port: 'NTQzMg==' },
  });
});

test('what cannot be merged fails at the Config, and shows nothing of the data', () => {
  const failing: readonly [string | undefined, Partial<ConfigSpec>, RegExp][] = [
    ['a: [', { strategy: 'merge', data: 'b: 1' }, /etc\/a\.yaml cannot be merged/],
    ['- a\n', { strategy: 'merge', data: 'b: 1' }, /not a mapping/],
    ['a: 1', { strategy: 'merge', data: 'hunter2' }, /its data cannot be merged/],
    ['a: 1', { strategy: 'merge', data: 'a: {hunter2' }, /its data cannot be merged/],
    [undefined, { process: ['value', 'toJson'], data: '[hunter2]' }, /its data cannot be processed/],
    ['kind: ConfigMap', { process: ['toSecret'], data: 'a: hunter2' }, /has no Secret/],
  ];
  for (const [text, over, message] of failing) {
    assert.throws(
      () => applyConfig(text === undefined ? undefined : { path: 'etc/a.yaml', text }, config(over)),
      (error) =>
        error instanceof SealerError &&
        error.code === 'CLUSTERFILE_INVALID' &&
        message.test(error.message) &&
        !error.message.includes('hunter2') &&
        error.at === AT,
      String(message),
    );
  }
});

test('a file that is an alias bomb is refused, not unpacked', () => {
  const lines = ['a0: &a0 [x, x]', ...Array.from({ length: 60 }, (_, i) => `a${i + 1}: &a${i + 1} [*a${i}, *a${i}]`)];
  const started = cpuMs();
  assert.throws(() => merged(lines.join('\n'), 'b: 1'), SealerError);
  assert.ok(cpuMs() - started < 5000);
});

test("an app's files are changed by the same rules", () => {
  const file = { path: 'merge.yaml', strategy: 'merge', data: 'a: {c: 2}' } as const;
  const target = { path: 'application/apps/web/merge.yaml', text: 'a: {b: 1}' };
  assert.equal(applyApplicationFiles(target, file), 'a:\n  b: 1\n  c: 2\n');
  assert.equal(configPath({ path: 'my.yaml', appName: 'web' }), 'application/apps/web/my.yaml');
  assert.equal(configPath({ path: 'etc/my.yaml' }), 'etc/my.yaml');
});

test('templates have the functions of sealer', () => {
  const env = { A: 'text', B: 'dGV4dA==', LINES: 'x\ny' };
  const rendered = renderRootfsTemplate(
    '{{ b64enc .A }} {{ .B | b64dec }} {{ .NONE | default "d" }} {{ quote .A }}\n{{ indent 2 .LINES }}\n{{ toYaml (list .A "1") }}',
    'etc/a.tmpl',
    env,
  );
  assert.equal(rendered, 'dGV4dA== text d "text"\n  x\n  y\n- text\n- "1"');
  assert.throws(() => renderRootfsTemplate('a\n{{ .NONE }}', 'etc/a.tmpl', env), /NONE/);
});
