import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { createProgram } from '../../../src/cli/program.ts';
import { fakeContext } from './fake-context.ts';
import { allTables, README, withTables } from './readme-tables.ts';

const tables = allTables(createProgram(fakeContext().context));

test('the tables of the README are what the program, the actions and the error table say', () => {
  const text = readFileSync(README, 'utf8');
  assert.equal(text, withTables(text, tables), 'Run: node test/unit/cli/readme-tables.ts --write');
});

test('the README has a place for every table', () => {
  const text = readFileSync(README, 'utf8');
  for (const name of Object.keys(tables)) assert.match(text, new RegExp(`<!-- table:${name} -->`));
});

test('a README that says something else is found out', () => {
  const text = '<!-- table:errors -->\n| old |\n<!-- /table -->\n';
  assert.match(withTables(text, tables), /\| `USAGE` \| 2 \|/);
});
