/** What discovery asks of a renderer, and what it makes of the answers. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type DiscoverOptions, discover, joinMissingTools, parseRules } from '../../../src/discover/index.ts';
import { SealerError } from '../../../src/error.ts';
import { encodeHeader } from '../../../src/oci/tar/index.ts';
import type { ChartRequest, Rendered, Renderer } from '../../../src/render/index.ts';

const pod = (image: string) => `kind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: "${image}"}]}\n`;

function rendered(text: string, more: Partial<Rendered> = {}): Rendered {
  return { text, documents: [], place: (line) => ({ file: 'templates/pod.yaml', line: line + 100 }), ...more };
}

/** A renderer whose charts render to one pod, named for the values files. */
function fakeRenderer(overrides: Partial<Renderer> = {}): { renderer: Renderer; requests: ChartRequest[] } {
  const requests: ChartRequest[] = [];
  const renderer: Renderer = {
    async chart(request) {
      requests.push(request);
      const sets = request.valueSets.length === 0 ? [[]] : request.valueSets;
      return sets.map((set) => rendered(pod(`${request.release}:${set.length}`), { chartName: 'web' }));
    },
    async kustomization({ folder }) {
      return rendered(pod(`built:${folder.length}`));
    },
    template: (text, _file, env) => rendered(text.replace('{{ .tag }}', env.tag ?? 'none')),
    ...overrides,
  };
  return { renderer, requests };
}

function files(entries: Record<string, string | Buffer>): Map<string, Buffer> {
  return new Map(Object.entries(entries).map(([path, content]) => [path, Buffer.from(content)]));
}

async function names(entries: Record<string, string | Buffer>, options: DiscoverOptions): Promise<string[]> {
  const { findings, problems } = await discover(files(entries), options);
  assert.deepEqual(problems, []);
  return findings.map(({ text }) => text);
}

test('what a chart becomes is found where its renderer places it, with chart and app', async () => {
  const { renderer } = fakeRenderer();
  const { findings } = await discover(files({ 'application/apps/shop/Chart.yaml': 'name: web\n' }), { renderer });
  assert.deepEqual(
    findings.map(({ text, at, chart, app, certainty }) => ({ text, at, chart, app, certainty })),
    [
      {
        text: 'shop:0',
        at: { file: 'templates/pod.yaml', line: 103 },
        chart: 'web',
        app: 'shop',
        certainty: 'certain',
      },
    ],
  );
});

test('several value sets make a union, and what all of them name is found once', async () => {
  const { renderer } = fakeRenderer();
  const apps = new Map([['shop', { env: {}, valueSets: [['a.yaml'], ['b.yaml', 'c.yaml'], ['d.yaml']] }]]);
  const found = await names({ 'application/apps/shop/Chart.yaml': '' }, { renderer, apps });
  assert.deepEqual(found.sort(), ['shop:1', 'shop:2']);
});

test('values come from sealer.yaml, else from the app, else from charts/NAME.values.yaml', async () => {
  const { renderer, requests } = fakeRenderer();
  const { rules } = parseRules('charts: {db: {values: [[own.yaml]], kubeVersion: "1.29"}}', 'sealer.yaml');
  await names(
    {
      'charts/db/Chart.yaml': 'name: database\n',
      'charts/db/own.yaml': '',
      'charts/web/Chart.yaml': 'name: website\n',
      'charts/website.values.yaml': '',
      'charts/plain/Chart.yaml': '',
    },
    { renderer, rules, kubeVersion: '1.30' },
  );
  assert.deepEqual(requests.map(({ chart, valueSets, kubeVersion }) => [chart, valueSets, kubeVersion]).sort(), [
    ['charts/db', [['charts/db/own.yaml']], '1.29'],
    ['charts/plain', [], '1.30'],
    ['charts/web', [['charts/website.values.yaml']], '1.30'],
  ]);
});

test('a values file of sealer.yaml that is not there is an error at its rule', async () => {
  const { renderer } = fakeRenderer();
  const { rules } = parseRules('charts:\n  web:\n    values: [gone.yaml]\n', 'sealer.yaml');
  const { problems } = await discover(files({ 'charts/web/Chart.yaml': '' }), { renderer, rules });
  assert.deepEqual(
    problems.map(({ code, at }) => [code, at?.file, at?.line]),
    [['RULES_INVALID', 'sealer.yaml', 3]],
  );
});

test('what cannot be rendered is an error with its place, and everything else is found', async () => {
  const { renderer } = fakeRenderer({
    chart: async () => {
      throw new SealerError('CHART_INVALID', 'no', { at: { file: 'charts/web/templates/a.yaml', line: 7 } });
    },
  });
  const { findings, problems } = await discover(
    files({ 'charts/web/Chart.yaml': '', 'manifests/a.yaml': pod('a:1') }),
    { renderer },
  );
  assert.deepEqual(
    problems.map(({ code, at }) => [code, at?.file, at?.line]),
    [['CHART_INVALID', 'charts/web/templates/a.yaml', 7]],
  );
  assert.equal(findings.length, 1);
});

test('an interruption is no problem of a chart', async () => {
  const { renderer } = fakeRenderer({
    chart: async () => {
      throw new SealerError('INTERRUPTED', 'stopped');
    },
  });
  await assert.rejects(discover(files({ 'charts/web/Chart.yaml': '' }), { renderer }), { code: 'INTERRUPTED' });
});

test("images of a chart's annotations are possible, and certain where the chart renders them too", async () => {
  const { renderer } = fakeRenderer({
    chart: async () => [
      rendered(pod('web:1'), {
        annotations: [
          { image: 'web:1', at: { file: 'charts/web/Chart.yaml', line: 5 }, chart: 'web' },
          { image: 'optional:2', at: { file: 'charts/web/Chart.yaml', line: 6 }, chart: 'web' },
        ],
      }),
    ],
  });
  const { findings } = await discover(files({ 'charts/web/Chart.yaml': '' }), { renderer });
  assert.deepEqual(findings.map(({ text, certainty, finder }) => `${text} ${certainty} ${finder}`).sort(), [
    'optional:2 possible chart-annotation',
    'web:1 certain workload',
    'web:1 possible chart-annotation',
  ]);
});

test('archives that are no charts are left alone; those below charts/ are meant to be some', async () => {
  const archive = (name: string) =>
    gzipSync(
      Buffer.concat([encodeHeader({ path: name, type: 'file', mode: 0o644, size: 0, mtime: 0 }), Buffer.alloc(1024)]),
    );
  const { renderer, requests } = fakeRenderer();
  await names(
    {
      'application/apps/a/web-1.2.3.tgz': archive('web/Chart.yaml'),
      'application/apps/b/data.tgz': archive('data/file'),
      'manifests/noise.tgz': Buffer.from('noise'),
      'charts/x-2.0.0.tgz': archive('x/other'),
    },
    { renderer },
  );
  assert.deepEqual(
    requests.map(({ chart, release }) => [chart, release]),
    [
      ['application/apps/a/web-1.2.3.tgz', 'a'],
      ['charts/x-2.0.0.tgz', 'x'],
    ],
  );
});

test('files of charts and of kustomization trees are not read as they are; others beside them are', async () => {
  const { renderer } = fakeRenderer();
  const found = await names(
    {
      'application/apps/k/base/kustomization.yaml': 'resources: [taken.yaml, ../lone]\n',
      'application/apps/k/base/taken.yaml': pod('not-this:1'),
      'application/apps/k/base/beside.yaml': pod('beside:1'),
      'application/apps/k/lone/kustomization.yml': 'resources: []\n',
      'application/apps/k/top/Kustomization': 'bases: [../base]\npatches: [{path: p.yaml}]\n',
      'application/apps/k/top/p.yaml': pod('not-this:2'),
      'charts/web/Chart.yaml': '',
      'charts/web/templates/kustomization.yaml': 'resources: [x]\n',
      'charts/web/templates/pod.yaml': pod('not-this:3'),
    },
    { renderer },
  );
  assert.deepEqual(found.sort(), ['beside:1', `built:${'application/apps/k/top'.length}`, 'web:0']);
});

test('templates are rendered before anything else: values of charts, kustomizations, manifests', async () => {
  const { renderer, requests } = fakeRenderer();
  const found = await names(
    {
      'manifests/a.yaml.tmpl': pod('a:{{ .tag }}'),
      'manifests/a.yaml': pod('replaced:1'),
      'charts/web/Chart.yaml': '',
      'charts/web/values.yaml.tmpl': 'tag: {{ .tag }}\n',
      'charts/web/templates/helm.tmpl': '{{ .tag }}',
      'manifests/k/kustomization.yaml.tmpl': 'resources: [b.yaml]\n',
      'manifests/k/b.yaml': pod('not-this:1'),
    },
    { renderer, env: { tag: '5' } },
  );
  assert.deepEqual(found.sort(), ['a:5', `built:${'manifests/k'.length}`, 'web:0']);
  assert.equal(requests[0]?.files.get('charts/web/values.yaml')?.toString(), 'tag: 5\n');
  assert.ok(requests[0]?.files.has('charts/web/templates/helm.tmpl'));
});

test('a place in values that were a template is one in the template', async () => {
  const { renderer } = fakeRenderer({
    chart: async () => [rendered(pod('web:1'), { place: () => ({ file: 'charts/web/values.yaml', line: 2 }) })],
    template: (text) => rendered(text, { place: (line) => ({ file: 'charts/web/values.yaml.tmpl', line: line + 5 }) }),
  });
  const entries = { 'charts/web/Chart.yaml': '', 'charts/web/values.yaml.tmpl': 'a: b\n' };
  const { findings } = await discover(files(entries), { renderer });
  assert.deepEqual(
    findings.map(({ at }) => at),
    [{ file: 'charts/web/values.yaml.tmpl', line: 7 }],
  );
});

test('nothing more is done when the signal says stop', async () => {
  const { renderer } = fakeRenderer();
  const signal = AbortSignal.abort(new Error('stop'));
  await assert.rejects(discover(files({ 'manifests/a.yaml': pod('a:1') }), { renderer, signal }), /stop/);
});

test('a chart that a kustomization renders is not rendered by itself as well', async () => {
  const { renderer, requests } = fakeRenderer();
  const found = await names(
    {
      'application/apps/k/kustomization.yaml': 'helmCharts: [{name: inner}, {name: other, version: 1.2.0}]\n',
      'application/apps/k/charts/inner/Chart.yaml': 'name: inner\n',
      'application/apps/k/charts/inner/templates/a.yaml': pod('not-this:1'),
      'application/apps/k/charts/other-1.2.0/other/Chart.yaml': 'name: other\n',
      'application/apps/k/charts/alone/Chart.yaml': 'name: alone\n',
      'application/apps/mm/kustomization.yaml': 'helmGlobals: {chartHome: ../mine}\nhelmCharts: [{name: inner}]\n',
      'application/apps/mine/inner/Chart.yaml': 'name: inner\n',
      'application/apps/ooo/kustomization.yaml': 'helmChartInflationGenerator: [{chartName: x, chartHome: old}]\n',
      'application/apps/ooo/old/x/Chart.yaml': 'name: x\n',
    },
    { renderer },
  );
  assert.deepEqual(
    requests.map(({ chart }) => chart),
    ['application/apps/k/charts/alone'],
  );
  assert.equal(found.filter((name) => name.startsWith('built:')).length, 3);
});

test("templates of values see their app's environment, and are values without .tmpl", async () => {
  const { renderer, requests } = fakeRenderer();
  const values = 'application/values/shop/0-0-a.yaml.tmpl';
  const apps = new Map([['shop', { env: { tag: '7' }, valueSets: [[values]] }]]);
  const entries = { 'application/apps/shop/Chart.yaml': '', [values]: 'tag: {{ .tag }}\n' };
  await names(entries, { renderer, apps });
  assert.deepEqual(
    requests.map(({ valueSets, files }) => [valueSets, files.get('application/values/shop/0-0-a.yaml')?.toString()]),
    [[[['application/values/shop/0-0-a.yaml']], 'tag: 7\n']],
  );
});

test('a template of values that fails is one problem, and not one more of its chart', async () => {
  const { renderer, requests } = fakeRenderer({
    template: (_text, file) => {
      throw new SealerError('TEMPLATE_INVALID', 'no', { at: { file, line: 1 } });
    },
  });
  const values = 'application/values/shop/0-0-a.yaml.tmpl';
  const apps = new Map([['shop', { env: {}, valueSets: [[values]] }]]);
  const { problems } = await discover(files({ 'application/apps/shop/Chart.yaml': '', [values]: '' }), {
    renderer,
    apps,
  });
  assert.deepEqual(
    problems.map(({ code, at }) => [code, at?.file]),
    [['TEMPLATE_INVALID', values]],
  );
  assert.equal(requests.length, 0);
});

test('a tool that is not there is one problem, which lists the files that need it', () => {
  const problem = (code: 'HELM_NOT_FOUND' | 'CHART_INVALID', file: string) => ({ code, message: 'No', at: { file } });
  const joined = joinMissingTools([
    problem('HELM_NOT_FOUND', 'a'),
    problem('CHART_INVALID', 'x'),
    ...['b', 'c', 'd', 'e', 'f', 'g'].map((file) => problem('HELM_NOT_FOUND', file)),
    problem('CHART_INVALID', 'y'),
  ]);
  assert.deepEqual(
    joined.map(({ message, at }) => [at?.file, message]),
    [
      ['a', 'No, and 7 files need it: a, b, c, d, e and 2 more'],
      ['x', 'No'],
      ['y', 'No'],
    ],
  );
  assert.equal(joinMissingTools([problem('HELM_NOT_FOUND', 'a')])[0]?.message, 'No');
});
