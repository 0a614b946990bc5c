import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../../src/process/command.ts';

const env = { PATH: process.env.PATH ?? '' };

test('what a command leaves behind in a session of its own is not waited for', async () => {
  const lines: string[] = [];
  const started = performance.now();
  const script = 'setsid sh -c "echo $$ > /dev/null; sleep 30" & echo done; exit 3';
  const end = await runCommand({ argv: ['sh', '-c', script], cwd: '/', env, onLine: (line) => lines.push(line) });
  assert.deepEqual([end.code, lines], [3, ['done']]);
  assert.ok(performance.now() - started < 20_000);
});

test('an aborted command rejects with the reason, though a child in a session of its own holds its output', async () => {
  const controller = new AbortController();
  const running = runCommand({
    argv: ['sh', '-c', 'setsid sleep 30 & echo started; sleep 30'],
    cwd: '/',
    env,
    onLine: () => controller.abort(new Error('enough')),
    signal: controller.signal,
  });
  const started = performance.now();
  await assert.rejects(running, /enough/);
  assert.ok(performance.now() - started < 20_000);
});
