/** Kustomizations, built by kubectl. */

import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Rendered } from '../../../src/render/index.ts';
import { filesOf, lacking, testRenderer } from './charts.ts';

const skip = await lacking('helm', 'kubectl');

const POD =
  'apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n    - name: web\n      image: nginx:1\n';

async function build(texts: Readonly<Record<string, string>>, folder = 'app'): Promise<Rendered> {
  return await testRenderer().kustomization({ files: filesOf(texts), folder });
}

function placeOf(rendered: Rendered, image: string): string {
  const line = rendered.text.split('\n').findIndex((each) => each.endsWith(image)) + 1;
  assert.ok(line > 0, `${image} is not there:\n${rendered.text}`);
  const { file, line: found } = rendered.place(line, image);
  return `${file}:${found}`;
}

test('the place is the manifest, and the kustomization for what it changes', { skip }, async () => {
  const plain = await build({ 'app/kustomization.yaml': 'resources: [web.yaml]\n', 'app/web.yaml': POD });
  assert.equal(placeOf(plain, 'nginx:1'), 'app/web.yaml:8');
  assert.doesNotMatch(plain.text, /origin|annotations/);
  const changed = await build({
    'app/kustomization.yaml':
      'resources: [../base]\nimages:\n  - name: nginx\n    newName: example.com/nginx\n    newTag: "2"\n',
    'base/kustomization.yaml': 'resources: [web.yaml]\n',
    'base/web.yaml': POD,
  });
  assert.equal(placeOf(changed, 'example.com/nginx:2'), 'app/kustomization.yaml:4');
});

test('annotations of the user stay', { skip }, async () => {
  const annotated = POD.replace('  name: web\n', '  name: web\n  annotations:\n    a: b\n    z: "1"\n');
  const { text } = await build({ 'app/kustomization.yaml': 'resources: [web.yaml]\n', 'app/web.yaml': annotated });
  assert.match(text, / {2}annotations:\n {4}a: b\n {4}z: "1"\n/);
});

test('a chart is inflated by whatever helm there is', { skip }, async () => {
  const rendered = await build({
    'app/kustomization.yaml': 'helmGlobals: {chartHome: charts}\nhelmCharts:\n  - name: web\n    releaseName: web\n',
    'app/charts/web/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'app/charts/web/templates/web.yaml': POD,
    'app/charts/web/values.yaml': '',
  });
  assert.match(rendered.text, /image: nginx:1/);
});

test('what is wrong is told with its file', { skip }, async () => {
  const cases: readonly (readonly [Readonly<Record<string, string>>, RegExp, string])[] = [
    [
      { 'app/kustomization.yaml': 'resources:\n  - gone.yaml\n' },
      /app\/gone\.yaml does not exist/,
      'app/kustomization.yaml:2',
    ],
    [{ 'app/kustomization.yaml': 'resources: []\nimges: []\n' }, /unknown field "imges"/, 'app/kustomization.yaml:2'],
    [{ 'app/kustomization.yaml': 'resources: [\n' }, /not YAML/, 'app/kustomization.yaml:2'],
    [
      { 'app/kustomization.yaml': 'resources: [a.yaml]\n', 'app/a.yaml': 'a: b: c\n' },
      /MalformedYAML/,
      'app/a.yaml:undefined',
    ],
    [
      { 'app/kustomization.yaml': 'namespace: a\nresources:\n  - https://user:secret@example.com/a.git\n' },
      /takes https:\/\/example\.com\/a\.git from the network/,
      'app/kustomization.yaml:3',
    ],
    [
      { 'app/kustomization.yaml': 'resources: [git@example.com:a/b]\n' },
      /from the network/,
      'app/kustomization.yaml:1',
    ],
  ];
  for (const [texts, message, place] of cases) {
    await assert.rejects(build(texts), (error) => {
      assert.ok(error instanceof Error && 'at' in error && 'code' in error);
      assert.equal(error.code, 'KUSTOMIZATION_INVALID');
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /secret|\/tmp\//);
      const { file, line } = Object(error.at);
      assert.equal(`${file}:${line}`, place);
      return true;
    });
  }
});

test('the same again comes from the cache, and other files do not', { skip }, async (t) => {
  const cacheFolder = await mkdtemp(join(tmpdir(), 'sealer-render-cache-'));
  t.after(() => rm(cacheFolder, { recursive: true }));
  let runs = 0;
  const renderer = testRenderer({
    cacheFolder,
    scratch: async () => {
      runs += 1;
      const path = await mkdtemp(join(tmpdir(), 'sealer-kustomize-'));
      return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    },
  });
  const texts = { 'app/kustomization.yaml': 'resources: [web.yaml]\n', 'app/web.yaml': POD };
  const first = await renderer.kustomization({ files: filesOf(texts), folder: 'app' });
  const again = await renderer.kustomization({ files: filesOf(texts), folder: 'app' });
  assert.equal(again.text, first.text);
  assert.equal(runs, 1);
  const other = { ...texts, 'app/web.yaml': POD.replace('nginx:1', 'nginx:2') };
  assert.match((await renderer.kustomization({ files: filesOf(other), folder: 'app' })).text, /nginx:2/);
  assert.equal(runs, 2);
  assert.deepEqual(await readdir(cacheFolder), ['kustomizations']);
});
