import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { localHost, openHostLogs } from '../../../src/hosts/index.ts';
import { folderOf } from '../../lab/scratch.ts';

test('the log of a host is without the content of files that are read', async (t) => {
  const folder = await folderOf(t, 'content');
  const file = join(folder, 'admin.conf');
  await writeFile(file, 'client-key-data: c2VjcmV0\n');
  await using logs = openHostLogs(join(folder, 'logs'));
  const log = logs.of('here');
  await using host = localHost({ log, env: process.env });
  assert.equal(await host.readText(file), 'client-key-data: c2VjcmV0\n');
  await host.exec({ argv: ['echo', 'what it says'] });
  await logs[Symbol.asyncDispose]();
  const text = await readFile(logs.fileOf('here'), 'utf8');
  assert.match(text, /what it says/);
  assert.doesNotMatch(text, /c2VjcmV0/);
});
