import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileIgnore, loadIgnore } from '../../../src/build/context/ignore.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

test('patterns, comments and exceptions are as docker has them', () => {
  const rules = compileIgnore('# comment\n*.md\n!README.md\nnode_modules\n/dist\n**/*.log\n');
  assert.equal(rules.ignores('CHANGES.md'), true);
  assert.equal(rules.ignores('README.md'), false);
  assert.equal(rules.ignores('docs/CHANGES.md'), false, 'a star does not reach into folders');
  assert.equal(rules.ignores('node_modules/a/index.js'), true);
  assert.equal(rules.ignores('dist'), true);
  assert.equal(rules.ignores('a/b/c.log'), true);
  assert.equal(rules.hasExceptions, true);
});

test('letter case counts, and characters of regular expressions mean themselves', () => {
  const rules = compileIgnore('c++\nfile(1).txt\nSecret');
  assert.equal(rules.ignores('c++'), true);
  assert.equal(rules.ignores('ccc'), false);
  assert.equal(rules.ignores('file(1).txt'), true);
  assert.equal(rules.ignores('secret'), false);
});

test("a Kubefile's own ignore file wins over the context's", async () => {
  await using folder = await temporaryFolder('ignore');
  writeFiles(folder.path, { '.dockerignore': 'a', 'Prod.dockerignore': 'b' });
  assert.equal(loadIgnore(folder.path, join(folder.path, 'Kubefile')).ignores('a'), true);
  const own = loadIgnore(folder.path, join(folder.path, 'Prod'));
  assert.equal(own.ignores('a'), false);
  assert.equal(own.ignores('b'), true);
});
