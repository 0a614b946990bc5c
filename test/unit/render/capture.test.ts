/** Commands whose output is captured. */

import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { captureCommand } from '../../../src/process/capture.ts';

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

test('an abort kills it with what it started', async () => {
  const controller = new AbortController();
  const work = captureCommand({ ...base, argv: ['sh', '-c', 'sleep 600 & sleep 600'], signal: controller.signal });
  setImmediate(() => controller.abort(new Error('stop')));
  await assert.rejects(work, { message: 'stop' });
});

test('what it leaves in the background does not keep us', async () => {
  const { stdout } = await captureCommand({ ...base, argv: ['sh', '-c', 'sleep 600 & echo done'] });
  assert.equal(stdout.toString(), 'done\n');
});

test('a program that is not there is an error, and the environment is only what is given', async () => {
  await assert.rejects(captureCommand({ ...base, argv: ['/no/such/program'] }), { code: 'ENOENT' });
  const { stdout } = await captureCommand({ ...base, env: { A: 'b' }, argv: ['/usr/bin/env'] });
  assert.equal(stdout.toString().trim(), 'A=b');
});
