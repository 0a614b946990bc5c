/** Where rendered text comes from, as far as it can be told by what is there. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { documentAt, splitDocuments } from '../../../src/render/chart/documents.ts';
import { createLocator } from '../../../src/render/place/locator.ts';
import { partsOf } from '../../../src/render/place/reference-parts.ts';
import { keyOf } from '../../../src/render/place/words.ts';

function locate(line: string, value: string, template: string, values: readonly string[] = []): string {
  const { file, line: found } = createLocator().locate({
    line,
    value,
    template: { place: 'template', content: Buffer.from(template) },
    values: values.map((text, i) => ({ place: `values${i}`, content: Buffer.from(text) })),
    rank: () => ({ before: 0, all: 1 }),
  });
  return found === undefined ? file : `${file}:${found}`;
}

test('a reference in the pieces in which people write it', () => {
  const digest = `sha256:${'0'.repeat(64)}`;
  assert.deepEqual(partsOf('nginx:1'), ['nginx:1', 'nginx']);
  assert.deepEqual(partsOf('a.example.com:5000/b/c:1'), [
    'a.example.com:5000/b/c:1',
    'b/c:1',
    'a.example.com:5000/b/c',
    'b/c',
  ]);
  assert.deepEqual(partsOf(`quay.io/b@${digest}`), [`quay.io/b@${digest}`, 'quay.io/b', 'b', digest]);
  assert.deepEqual(partsOf('--image=nginx'), ['--image=nginx']);
  assert.deepEqual(partsOf(''), ['']);
});

test('what the template says itself is placed there', () => {
  assert.equal(locate('image: quay.io/a/b:1', 'quay.io/a/b:1', 'a: 1\nimage: "quay.io/a/b:1" # why\n'), 'template:2');
  assert.equal(locate('- --x=quay.io/a/b:1', 'quay.io/a/b:1', 'args:\n- --x=quay.io/a/b:1\n'), 'template:2');
});

test('what comes from values is placed in the values that win', () => {
  const template = 'image: {{ .Values.image.repository }}:{{ .Values.image.tag }}\n';
  const given = 'image:\n  repository: quay.io/a/b\n';
  assert.equal(locate('image: quay.io/a/b:1', 'quay.io/a/b:1', template, [given, given + 'x']), 'values0:2');
  assert.equal(locate('image: quay.io/a/b:1', 'quay.io/a/b:1', template, ['tag: 1\n', given]), 'values1:2');
  const split = 'registry: quay.io\n# a/b\nrepository: a/b\n';
  assert.equal(locate('image: quay.io/a/b:1', 'quay.io/a/b:1', template, [split]), 'values0:3');
});

test('a word without a slash is taken for an image only behind a key that names one', () => {
  const template = 'image: {{ include "x" . }}\n';
  assert.equal(locate('image: nginx:1', 'nginx:1', template, ['kind: nginx\nrepository: nginx\n']), 'values0:2');
  assert.equal(locate('image: nginx:1', 'nginx:1', template, ['kind: nginx\n']), 'template:1');
});

test('without anything sure, it is the file alone', () => {
  const template = 'a:\n  image: {{ .x }}\nb:\n  image: {{ .y }}\n';
  assert.equal(locate('image: nginx:1', 'nginx:1', template), 'template');
  assert.equal(keyOf('  - "image": x'), 'image');
  assert.equal(keyOf('just text'), undefined);
});

test("helm's output is taken apart at its comments, and not at what looks like them inside", () => {
  const lines = [
    '---',
    '# Source: web/crds/a.yaml',
    'a: 1',
    '---',
    'b: 2',
    '---',
    '# Source: web/templates/c.yaml',
    'c: |',
    '  ---',
    '  # Source: other/templates/x.yaml',
    '  d: 1',
  ];
  const documents = splitDocuments(lines, (template) => `place of ${template}`);
  assert.deepEqual(
    documents.map(({ line, template }) => [line, template]),
    [
      [3, 'web/crds/a.yaml'],
      [5, 'web/crds/a.yaml'],
      [8, 'web/templates/c.yaml'],
    ],
  );
  assert.equal(documentAt(documents, 4)?.template, 'web/crds/a.yaml');
  assert.equal(documentAt(documents, 11)?.source, 'place of web/templates/c.yaml');
  assert.equal(documentAt(documents, 1), undefined);
});
