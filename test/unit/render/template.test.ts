/** Templates: what is not as in Go, and what hostile ones may do. Beside Go's own engine: test/integration/render. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderTemplate } from '../../../src/render/index.ts';

function render(text: string, env: Readonly<Record<string, string>> = {}): string {
  return renderTemplate(text, 'a.tmpl', env).text;
}

function assertFails(text: string, message: RegExp, line = 1, env: Readonly<Record<string, string>> = {}): void {
  assert.throws(
    () => renderTemplate(text, 'a.tmpl', env),
    (error) => {
      assert.ok(error instanceof Error && 'code' in error && 'at' in error);
      assert.equal(error.code, 'TEMPLATE_INVALID');
      assert.match(error.message, message);
      assert.deepEqual([Object(error.at).file, Object(error.at).line], ['a.tmpl', line]);
      return true;
    },
    text,
  );
}

test('a variable that is not set is an error with its name and line', () => {
  assertFails('a\nb: {{ .Missing }}\n', /^\.Missing is not set/, 2);
  assertFails('\n\n{{ upper .Missing }}', /^\.Missing is not set, and upper needs it/, 3);
  assertFails('{{ .Missing.deeper }}', /^\.Missing is not set, so it has no deeper/);
  assertFails('{{ $x := .Missing }}\n{{ $x }}', /^\.Missing is not set/, 2);
  assertFails('{{ index . "Missing" }}', /^\.Missing is not set/);
  assertFails('{{ printf "%s" .Missing }}', /^\.Missing is not set/);
  assertFails('{{ required "say which" .Missing }}', /^say which$/);
});

test('a variable that is tested or has a default need not be set', () => {
  assert.equal(
    render('{{ .A | default "d" }}{{ if .A }}x{{ else }}y{{ end }}{{ with .A }}x{{ end }}{{ coalesce .A "c" }}'),
    'dyc',
  );
  assert.equal(render('{{ if and .A (eq .A "x") }}x{{ else }}y{{ end }}{{ or .A "b" }}'), 'yb');
});

test('names of JavaScript are no variables', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'size', 'get']) {
    assertFails(`{{ .${name} }}`, /is not set/);
    assert.equal(render(`{{ .${name} }}`, Object.fromEntries([[name, 'v']])), 'v');
  }
  assertFails('{{ constructor }}', /no function constructor/);
  assertFails('{{ template "constructor" }}', /no template "constructor"/);
  assertFails('{{ (dict "a" 1).constructor }}', /is not set/);
});

test('a replacement is text and no pattern', () => {
  assert.equal(render('{{ replace "a" "$&$1" .A }}', { A: 'bab' }), 'b$&$1b');
  assert.equal(render('{{ .A }}', { A: '$& $1 {{ .B }}' }), '$& $1 {{ .B }}');
});

test('errors have the line on which they stand', () => {
  assertFails('a\n{{ if }}\n', /missing/, 2);
  assertFails('a\n\n{{ nosuch 1 }}', /no function nosuch/, 3);
  assertFails('{{ if true }}\n\nx', /\{\{end\}\} is missing/);
  assertFails('x\n{{ .A', /not closed/, 2, { A: 'a' });
});

test('each line of the output knows its line of the template', () => {
  const text = 'a: 1\n{{- range splitList "," .L }}\n- x: {{ . }}\n  y: 2\n{{- end }}\n{{/* gone */}}\nb: {{ .B }}\n';
  const rendered = renderTemplate(text, 'a.tmpl', { L: 'p,q', B: 'two\nlines' });
  const places = rendered.text.split('\n').map((line, i) => [line, rendered.place(i + 1, line).line]);
  assert.deepEqual(places, [
    ['a: 1', 1],
    ['- x: p', 3],
    ['  y: 2', 4],
    ['- x: q', 3],
    ['  y: 2', 4],
    ['', undefined],
    ['b: two', 7],
    ['lines', 7],
    ['', undefined],
  ]);
});

test('what has no end is ended', () => {
  assertFails('{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}', /without end/);
  assertFails('{{ define "a" }}{{ include "a" . }}{{ end }}{{ include "a" . }}', /without end/);
  const loop = '{{ range until 1000 }}'.repeat(4) + 'x' + '{{ end }}'.repeat(4);
  assertFails(loop, /come to an end|16 MiB/);
  assertFails('{{ until 1000000 }}', /100,000/);
  assertFails(`{{ range until 90000 }}${'x'.repeat(1000)}{{ end }}`, /16 MiB/);
  assertFails('{{ repeat 1000000 .A }}', /16 MiB/, 1, { A: 'x'.repeat(100) });
  assertFails('{{ indent 1000000 .A }}', /16 MiB/, 1, { A: '\n'.repeat(100) });
  assertFails(`{{ $x := list 1 }}${'{{ $x = list $x $x }}'.repeat(40)}{{ $x }}`, /million parts/);
  assertFails('{{ fromYaml .A }}', /million parts/, 1, { A: bomb(30) });
  assertFails(`{{ ${'('.repeat(500)}1${')'.repeat(500)} }}`, /nested too deeply/);
  assertFails('{{ if true }}'.repeat(500) + '{{ end }}'.repeat(500), /nested too deeply/);
});

test('a large template is rendered in no time', () => {
  const text = `{{ .A }} ${' '.repeat(100)}\n{{- "x" | upper }}\n`.repeat(20_000);
  const started = performance.now();
  assert.equal(render(text, { A: 'a' }).length, 20_000 * 3);
  // A hundred times what it takes, as others may be at work here; anything quadratic takes minutes.
  assert.ok(performance.now() - started < 15_000);
});

/** `a: &a [x]`, `b: &b [*a, *a]` … */
function bomb(levels: number): string {
  const lines = ['k0: &k0 [x]'];
  for (let i = 1; i < levels; i += 1) lines.push(`k${i}: &k${i} [*k${i - 1}, *k${i - 1}]`);
  return lines.join('\n');
}
