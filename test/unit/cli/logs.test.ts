import assert from 'node:assert/strict';
import { test } from 'node:test';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';
import { run } from './fake-context.ts';

async function twoRuns(): Promise<{ path: string } & AsyncDisposable> {
  const folder = await temporaryFolder('logs');
  await writeFiles(folder.path, {
    '2026-01-01T00-00-00-000Z/10.0.0.2.log': 'of an earlier run\n',
    '2026-01-02T00-00-00-000Z/10.0.0.2.log': 'one\ntwo\nthree\n',
    '2026-01-02T00-00-00-000Z/10.0.0.3.log': 'four\n',
  });
  return folder;
}

test('logs shows the last lines of each host of the last run, or of those that are named', async () => {
  await using folder = await twoRuns();
  const all = await run(['logs', '--log-dir', folder.path, '--lines', '2']);
  assert.equal(all.stdout, 'run 2026-01-02T00-00-00-000Z\n== 10.0.0.2\ntwo\nthree\n== 10.0.0.3\nfour\n');
  const { stdout } = await run(['logs', '10.0.0.3', '--log-dir', folder.path]);
  assert.equal(stdout, 'run 2026-01-02T00-00-00-000Z\n== 10.0.0.3\nfour\n');
});

test('logs refuses a host that the run had nothing to do with, and a count that is none', async () => {
  await using folder = await twoRuns();
  const stranger = await run(['logs', '10.0.0.33', '--log-dir', folder.path]);
  assert.equal(stranger.code, 2);
  assert.match(stranger.stderr, /had nothing to do with 10\.0\.0\.33[\s\S]*Did you mean 10\.0\.0\.3\?/);
  const count = await run(['logs', '--lines', '-5', '--log-dir', folder.path]);
  assert.equal(count.code, 2);
  assert.match(count.stderr, /Write a whole number/);
});
