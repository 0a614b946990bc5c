/**
 * Our template engine beside Go's own, which helm's `tpl` runs.
 *
 * Not compared, because they are meant to differ: a variable that is not set (Go writes `<no value>`, helm nothing, we
 * fail), b64dec and fromYaml of what is neither (sprig and helm give the error's text as the result), the order of `keys`
 * (random in Go), `slice` of text (sprig's takes lists only, Go's own both), rounding of halves with %e and %g.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTemplate } from '../../../src/render/index.ts';
import { filesOf, lacking, testRenderer } from './charts.ts';
import { CASES, ENV } from './template-cases.ts';

const skip = await lacking('helm');

/** Each case is a file of the chart; the chart's template renders them all and packs each result up. */
const HARNESS = `{{ range $path, $content := .Files.Glob "cases/*" }}
---
name: {{ base $path }}
result: {{ tpl (toString $content) $.Values | b64enc | quote }}
{{ end }}`;

async function renderWithHelm(cases: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const files = filesOf({
    'charts/c/Chart.yaml': 'apiVersion: v2\nname: c\nversion: 1.0.0\n',
    'charts/c/templates/all.yaml': HARNESS,
    'charts/c/values.yaml': JSON.stringify(ENV),
    ...Object.fromEntries(cases.map((text, i) => [`charts/c/cases/${i}`, text])),
  });
  const [rendered] = await testRenderer().chart({ files, chart: 'charts/c', release: 'c', valueSets: [] });
  const results = [...(rendered?.text.matchAll(/^name: (\d+)\nresult: "([^"]*)"/gm) ?? [])];
  return new Map(
    results.map(([, i = '', packed = '']) => [cases[Number(i)] ?? '', Buffer.from(packed, 'base64').toString()]),
  );
}

test('every template renders to the bytes that Go renders it to', { skip }, async () => {
  const theirs = await renderWithHelm(CASES);
  assert.equal(theirs.size, new Set(CASES).size);
  for (const text of CASES) assert.equal(renderTemplate(text, 'case.tmpl', ENV).text, theirs.get(text), text);
});

test('what Go refuses is refused', { skip }, async () => {
  const broken = [
    '{{ if }}a{{ end }}',
    '{{ if .Name }}a',
    '{{ end }}',
    '{{ else }}',
    '{{ .Name',
    '{{ nosuch .Name }}',
    '{{ $x }}',
    '{{ "unclosed }}',
    '{{ .Name | 1 }}',
    '{{ 1 | .Name }}',
    '{{ (.Name }}',
    '{{ .Name) }}',
    '{{ break }}',
    '{{ range . }}{{ else }}{{ else }}{{ end }}',
    '{{ nil }}',
    '{{ template }}',
    '{{ template "nowhere" }}',
    '{{ .Name.first }}',
    '{{ eq .Name 1 }}',
    '{{ lt .Name 1 }}',
    '{{ index (list 1) 5 }}',
    '{{ div 1 0 }}',
    '{{ fail "no" }}',
    '{{ required "is needed" .Missing }}',
    '{{ upper 1 }}',
    '{{ range .Name }}{{ end }}',
    '{{ .Name "argument" }}',
    '{{ {{ }}',
    '{{ .Name.. }}',
    '{{ 12x }}',
    '{{ "a" "b" }}',
    '{{- define "a" }}',
    '{{ if true }}{{ define "x" }}{{ end }}{{ end }}',
    '{{ /* not a comment */ }}',
    '{{ | .Name }}',
    '{{}}',
    '{{ "\\q" }}',
  ];
  for (const text of broken) {
    assert.throws(() => renderTemplate(text, 'case.tmpl', ENV), { code: 'TEMPLATE_INVALID' }, text);
  }
  await Promise.all(
    broken.map((text) => assert.rejects(renderWithHelm([text]), { code: 'CHART_INVALID' }, `helm takes ${text}`)),
  );
});
