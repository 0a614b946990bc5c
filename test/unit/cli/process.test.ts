/** What only a process shows: signals and closed pipes. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { cliCommand, startSealer } from '../../lab/cli.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

test('SIGTERM ends a server in peace: exit 0', async () => {
  await using folder = await temporaryFolder('signal');
  await using server = startSealer(['registry', 'serve', '--listen', 'localhost:0'], { home: folder.path });
  await server.says(/serving on/);
  server.kill('SIGTERM');
  const { code, signal } = await server.ended;
  assert.deepEqual([code, signal], [0, null]);
});

test('a reader that goes away early is no failure', async () => {
  const [command, ...entry] = cliCommand();
  const child = spawn(command, [...entry, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stdout.destroy();
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.equal(said, '');
});
