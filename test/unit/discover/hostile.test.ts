/** Text that is made to take forever, or to fill the memory. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { discover, findInManifests, findInScript } from '../../../src/discover/index.ts';
import { findInCompose } from '../../../src/discover/lists/compose.ts';

const POD = 'kind: Pod\nspec: {containers: [{name: c, image: "a:1"}]}\n';

const CASES: Readonly<Record<string, () => unknown>> = {
  'blank lines with CRLF before something else': () =>
    findInManifests(`%\r\n${'\r\n'.repeat(50_000)}x\n---\n${POD}`, 'f'),
  'comments before a directive': () => findInManifests(`${'# c\n'.repeat(100_000)}%YAML 1.2\n---\n${POD}`, 'f'),
  'a hundred thousand documents': () => findInManifests('---\na: b\n'.repeat(100_000), 'f'),
  'words that nearly are references': () => config(`x: ${'a/'.repeat(200_000)} image ${'image'.repeat(100_000)}:`),
  'colons without end': () => config(`image ${'a:1'.repeat(300_000)} ${'a/b:'.repeat(100_000)}`),
  'variables that hold each other': () => {
    const env = Array.from({ length: 2000 }, (_, i) => `{name: V${i}, value: "$(V${i - 1})$(V${i - 1})x"}`);
    return findInManifests(
      `kind: Pod\nspec: {containers: [{name: c, image: a, env: [${env.join(', ')}], args: ["$(V1999)"]}]}`,
      'f',
    );
  },
  'defaults in defaults of a compose file': () =>
    findInCompose(
      `services: {a: {image: "\${A:-${'$a'.repeat(5000)}"}, b: {image: "${'${B:-'.repeat(5000)}"}}`,
      'f',
      {},
    ),
  'merges of merges': () => {
    let text = 'kind: X\nmetadata:\n  a0: &a0 {k: v}\n';
    for (let i = 1; i < 3000; i++) text += `  a${i}: &a${i} {<<: [*a${i - 1}, *a${Math.max(0, i - 2)}], k${i}: v}\n`;
    return findInManifests(`${text}spec: *a2999\n`, 'f');
  },
  'nesting by aliases': () => {
    let text = 'kind: X\nmetadata:\n  a0: &a0 {image: "a:1"}\n';
    for (let i = 1; i < 20_000; i++) text += `  a${i}: &a${i} {x: *a${i - 1}}\n`;
    return findInManifests(`${text}spec: *a19999\n`, 'f');
  },
  'one list of containers in many PodSpecs': () => {
    const items = Array.from({ length: 3000 }, () => '- {kind: Pod, spec: {containers: *c}}\n').join('');
    const list = Array.from({ length: 3000 }, (_, i) => `{name: c, image: "a:${i}"}`).join(', ');
    return findInManifests(`kind: List\nx: &c [${list}]\nitems:\n${items}`, 'f');
  },
  'text in text in text': () => {
    let text = 'image: quay.io/a/b:1';
    for (let i = 0; i < 10; i++) text = JSON.stringify({ kind: 'ConfigMap', data: { image: text } });
    return findInManifests(text, 'f');
  },
  'a script of quotes': () => findInScript(`docker run ${'"\''.repeat(100_000)} ${'a"b\''.repeat(50_000)}`, 'f'),
};

function config(text: string): unknown {
  return findInManifests(JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', data: { text } }), 'f');
}

for (const [name, run] of Object.entries(CASES)) {
  test(`${name} end within seconds of a processor`, () => {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    // Half a second is what the longest takes; what grows with the square takes minutes.
    assert.ok(user + system < 5_000_000, `took ${Math.round((user + system) / 1000)} ms`);
  });
}

test('what stands behind such text is still found', () => {
  const { findings } = findInManifests(`%\r\n${'\r\n'.repeat(100)}\n---\n${POD}`, 'f');
  assert.deepEqual(
    findings.map(({ text }) => text),
    ['a:1'],
  );
});

test('names that lead nowhere do no harm', async () => {
  const files = new Map(
    ['manifests/__proto__', 'application/apps/constructor/a.yaml', 'charts/__proto__/Chart.yaml'].map((path) => [
      path,
      Buffer.from('kind: __proto__\nspec: {__proto__: {image: "x:1"}}\n'),
    ]),
  );
  const { findings } = await discover(files);
  assert.deepEqual(
    findings.map(({ text }) => text),
    ['x:1'],
  );
});
