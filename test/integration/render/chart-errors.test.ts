/** What does not render is told with its file, its line and the fix. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { filesOf, lacking, packChart, testRenderer } from './charts.ts';

const skip = await lacking('helm');
const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';

async function failureOf(
  texts: Readonly<Record<string, string>>,
  valueSets: readonly (readonly string[])[] = [],
): Promise<SealerError> {
  const files = filesOf({ 'charts/web/Chart.yaml': CHART, ...texts });
  try {
    await testRenderer().chart({ files, chart: 'charts/web', release: 'web', valueSets });
  } catch (error) {
    if (error instanceof SealerError) return error;
    throw error;
  }
  return assert.fail('The chart renders');
}

test('a missing value of a subchart is named by its way through the outer values', { skip }, async () => {
  const error = await failureOf({
    'charts/web/Chart.yaml': `${CHART}dependencies:\n  - {name: db, version: 1.0.0, alias: main}\n`,
    'charts/web/charts/db/Chart.yaml': 'apiVersion: v2\nname: db\nversion: 1.0.0\n',
    'charts/web/charts/db/templates/a.yaml': '# a comment\nimage: {{ .Values.image.tag }}\n',
  });
  assert.equal(error.code, 'CHART_INVALID');
  assert.match(error.message, /needs the value main\.image\.tag/);
  assert.deepEqual(error.at, { file: 'charts/web/charts/db/templates/a.yaml', line: 2 });
  assert.match(error.hint ?? '', /--values=FILE/);
});

test('an error inside of an archive names the archive and the file in it', { skip }, async () => {
  const archive = await packChart(
    new Map([
      ['web/Chart.yaml', CHART],
      ['web/templates/a.yaml', 'a: b\nc: {{ fail "no way" }}\n'],
    ]),
  );
  const files = new Map([['charts/web-1.0.0.tgz', archive]]);
  const work = testRenderer().chart({ files, chart: 'charts/web-1.0.0.tgz', release: 'web', valueSets: [] });
  await assert.rejects(work, {
    code: 'CHART_INVALID',
    message: 'no way',
    at: { file: 'charts/web-1.0.0.tgz!web/templates/a.yaml', line: 2 },
  });
});

test('what stops an include is told where it happened, and not where it was included', { skip }, async () => {
  const error = await failureOf({
    'charts/web/templates/_h.tpl':
      '{{ define "a" }}\n\n{{ include "b" . }}{{ end }}\n{{ define "b" }}{{ .Values.x | int | div 0 }}{{ index (list) 1 }}{{ end }}',
    'charts/web/templates/a.yaml': 'a: {{ include "a" . }}\n',
  });
  assert.equal(error.at?.file, 'charts/web/templates/_h.tpl');
  assert.equal(error.at?.line, 4);
});

test('a values file that is no YAML is named, with its line', { skip }, async () => {
  const error = await failureOf({ 'values/a.yaml': 'a: 1\n', 'values/b.yaml': 'a: 1\nb: c: d\n' }, [
    ['values/a.yaml', 'values/b.yaml'],
  ]);
  assert.equal(error.at?.file, 'values/b.yaml');
});

test('a values file that is not there is named', { skip }, async () => {
  const error = await failureOf({}, [['values/gone.yaml']]);
  assert.match(error.message, /values\/gone\.yaml is not in the image/);
});

test('of several value sets, each that does not render is told', { skip }, async () => {
  const texts = {
    'charts/web/templates/a.yaml': 'a: {{ if .Values.bad }}{{ fail .Values.bad }}{{ end }}\n',
    'one.yaml': 'bad: first\n',
    'two.yaml': 'bad: second\n',
    'good.yaml': 'good: yes\n',
  };
  const error = await failureOf(texts, [['one.yaml'], ['good.yaml'], ['two.yaml']]);
  assert.deepEqual(
    error.problems.map(({ message }) => message),
    ['first', 'second'],
  );
  const same = await failureOf({ ...texts, 'two.yaml': 'bad: first\n' }, [['one.yaml'], ['two.yaml']]);
  assert.equal(same.message, 'first');
});

test('a dependency beside the chart is taken; its files keep their places', { skip }, async () => {
  const files = filesOf({
    'charts/web/Chart.yaml': `${CHART}dependencies:\n  - {name: lib, version: 1.0.0, repository: "file://../lib"}\n`,
    'charts/lib/Chart.yaml': 'apiVersion: v2\nname: lib\nversion: 1.0.0\n',
    'charts/lib/templates/pod.yaml': 'kind: Pod\nimage: example.com/lib:1\n',
  });
  const [rendered] = await testRenderer().chart({ files, chart: 'charts/web', release: 'web', valueSets: [] });
  const line = (rendered?.text.split('\n') ?? []).findIndex((each) => each.startsWith('image:')) + 1;
  assert.deepEqual(rendered?.place(line, 'example.com/lib:1'), { file: 'charts/lib/templates/pod.yaml', line: 2 });
});

test('names that lead out of the chart are refused, in folders and archives', { skip }, async () => {
  const error = await failureOf({ 'charts/web/templates/../../../../etc/x': 'a: b' });
  assert.equal(error.code, 'CHART_INVALID');
  const archive = await packChart(
    new Map([
      ['web/Chart.yaml', CHART],
      ['web/../../x', 'a'],
    ]),
  );
  const files = new Map([['charts/web.tgz', archive]]);
  const work = testRenderer().chart({ files, chart: 'charts/web.tgz', release: 'web', valueSets: [] });
  await assert.rejects(work, { code: 'CHART_INVALID' });
});

test('nothing of the user or of the network plays a part', { skip }, async () => {
  const files = filesOf({
    'charts/web/Chart.yaml': CHART,
    'charts/web/templates/a.yaml':
      'address: {{ getHostByName "localhost" | quote }}\nlookup: {{ lookup "v1" "Pod" "a" "b" | toJson }}\n',
  });
  const [rendered] = await testRenderer({
    env: { ...process.env, HELM_NAMESPACE: 'other', KUBECONFIG: '/nowhere' },
  }).chart({
    files,
    chart: 'charts/web',
    release: 'web',
    valueSets: [],
  });
  assert.match(rendered?.text ?? '', /address: ""\nlookup: \{\}/);
});

test('an interruption ends helm', { skip }, async () => {
  const aborted = new AbortController();
  aborted.abort(new SealerError('INTERRUPTED', 'Ctrl-C'));
  const files = filesOf({ 'charts/web/Chart.yaml': CHART });
  const { signal } = aborted;
  const work = testRenderer().chart({ files, chart: 'charts/web', release: 'web', valueSets: [], signal });
  await assert.rejects(work, { code: 'INTERRUPTED' });
});
