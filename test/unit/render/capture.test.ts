/** Commands whose output is captured. */

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { captureCommand } from '../../../src/process/capture.ts';
import { folderOf } from '../../lab/scratch.ts';
import { untilEnded } from '../../lab/until-ended.ts';

const base = { cwd: tmpdir(), env: { PATH: process.env.PATH ?? '' }, limit: 1024 };

test('output, errors, input and the exit code are kept apart', async () => {
  const end = await captureCommand({ ...base, argv: ['sh', '-c', 'cat; echo wrong >&2; exit 3'], stdin: 'given' });
  assert.deepEqual(end, { code: 3, stdout: Buffer.from('given'), stderr: 'wrong\n' });
});

test('a program that says too much is killed', async () => {
  await assert.rejects(captureCommand({ ...base, argv: ['sh', '-c', 'while :; do echo x; done'] }), {
    name: 'OutputTooLarge',
  });
});

test('an abort kills it with what it started', { timeout: 60_000 }, async (t) => {
  const file = join(await folderOf(t), 'pids');
  const script = 'sleep 600 & echo $! $$ > "$0.new"; mv "$0.new" "$0"; sleep 600';
  const controller = new AbortController();
  const work = captureCommand({ ...base, argv: ['sh', '-c', script, file], signal: controller.signal });
  const stopped = assert.rejects(work, { message: 'stop' });
  while (!existsSync(file)) await sleep(10, undefined, { signal: t.signal });
  controller.abort(new Error('stop'));
  await stopped;
  for (const pid of readFileSync(file, 'utf8').trim().split(' ')) await untilEnded(pid);
});

test('what it leaves in the background does not keep us, and ends with it', { timeout: 60_000 }, async () => {
  const { stdout } = await captureCommand({ ...base, argv: ['sh', '-c', 'sleep 600 & echo $!'] });
  await untilEnded(stdout.toString().trim());
});

test('a program that is not there is an error, and the environment is only what is given', async () => {
  await assert.rejects(captureCommand({ ...base, argv: ['/no/such/program'] }), { code: 'ENOENT' });
  const { stdout } = await captureCommand({ ...base, env: { A: 'b' }, argv: ['/usr/bin/env'] });
  assert.equal(stdout.toString().trim(), 'A=b');
});
