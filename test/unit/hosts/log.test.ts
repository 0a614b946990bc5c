import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { openHostLogs } from '../../../src/hosts/index.ts';

it('each host has a log with the time of every line, for this user alone', async (t) => {
  const folder = join(await temporary(t), 'logs');
  {
    await using logs = openHostLogs(folder, { now: () => new Date(0) });
    logs.of('10.0.0.2').command('kubeadm init');
    logs.of('10.0.0.2').line('stdout', 'one\u001b[31m');
    logs.of('10.0.0.2').line('stderr', 'two');
    logs.of('10.0.0.2').ended('exit 1', 1234);
    logs.of('../evil/x').line('stdout', 'x');
  }
  assert.deepEqual(await readdir(folder), ['10.0.0.2.log', '_._evil_x.log']);
  const file = join(folder, '10.0.0.2.log');
  const at = '1970-01-01T00:00:00.000Z';
  const lines = ['$ kubeadm init', '| one\ufffd[31m', '! two', '= exit 1 after 1.2 s'];
  assert.equal(await readFile(file, 'utf8'), lines.map((line) => `${at} ${line}\n`).join(''));
  assert.equal((await stat(file)).mode & 0o777, 0o600);
});

it('a log that cannot be written stops nothing, and is told once', async () => {
  const errors: unknown[] = [];
  await using logs = openHostLogs('/dev/null/logs', { onError: (error) => errors.push(error) });
  for (let index = 0; index < 3; index++) logs.of('a').line('stdout', 'x');
  await logs[Symbol.asyncDispose]();
  assert.equal(errors.length, 1);
});

it('lines that come faster than the disk takes them are counted instead of kept', async (t) => {
  const folder = await temporary(t);
  {
    await using logs = openHostLogs(folder);
    const log = logs.of('a');
    for (let index = 0; index < 10_000; index++) log.line('stdout', 'x'.repeat(1000));
  }
  const text = await readFile(join(folder, 'a.log'), 'utf8');
  assert.ok(text.length < 5 * 1024 * 1024);
  assert.match(text, /\d+ lines are missing/);
});

async function temporary(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'sealer-log-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
