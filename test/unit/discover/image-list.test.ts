import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findInImageList } from '../../../src/discover/index.ts';
import { formatReference } from '../../../src/oci/reference.ts';

function found(text: string): string[] {
  const { findings, problems } = findInImageList(text, 'imageList');
  assert.deepEqual(problems, []);
  return findings.map(({ reference, at }) => `${formatReference(reference)} @ ${at.line}:${at.column}`);
}

const DIGEST = `sha256:${'b'.repeat(64)}`;

test('a list has one reference per line, with comments, blank lines, indentation, CRLF and a byte order mark', () => {
  const lines = ['\uFEFF# images', '', 'nginx:1.25  # web', '  quay.io/a/b:1', `c@${DIGEST}`, '\t', 'images:latest'];
  const expected = [
    'docker.io/library/nginx:1.25 @ 3:1',
    'quay.io/a/b:1 @ 4:3',
    `docker.io/library/c@${DIGEST} @ 5:1`,
    'docker.io/library/images:latest @ 7:1',
  ];
  assert.deepEqual(found(lines.join('\n')), expected);
  assert.deepEqual(found(lines.join('\r\n')), expected);
});

test('a list may be YAML', () => {
  const expected = ['docker.io/library/a:1 @ 2:3', 'docker.io/library/b:1 @ 3:3'];
  assert.deepEqual(found('# c\n- a:1\n- "b:1" # d\n'), expected);
  assert.deepEqual(found('images:\n- a:1\n- b:1\n'), expected);
  assert.deepEqual(found('images: [a:1]'), ['docker.io/library/a:1 @ 1:10']);
  assert.deepEqual(found('images:\n'), []);
});

test('each line that is no reference is an error with its line', () => {
  const { findings, problems } = findInImageList('good:1\nBad_Name!\nalso good:2\nhttp://x/y\n', 'list.txt');
  assert.equal(findings.length, 1);
  assert.deepEqual(
    problems.map(({ code, at }) => `${code} ${at?.file}:${at?.line}`),
    ['INVALID_REFERENCE list.txt:2', 'INVALID_REFERENCE list.txt:3', 'INVALID_REFERENCE list.txt:4'],
  );
});

test('YAML that is no list of references is an error', () => {
  for (const text of ['images: {a: b}', '- {image: a}\n', '[a, b', '--- \nfoo: bar\n']) {
    assert.ok(findInImageList(text, 'l').problems.length > 0, text);
  }
});
