/** What only a process shows: signals and closed pipes. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { test } from 'node:test';
import { cliCommand, startSealer } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

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

test('work goes on when nobody looks on: a build whose stderr is closed', async () => {
  await using folder = await temporaryFolder('unwatched');
  writeFiles(folder.path, { 'context/Kubefile': 'FROM scratch\nCOPY a /a\n', 'context/a': 'a' });
  const [command, ...entry] = cliCommand();
  const build = ['build', '-t', 'a:v1', '--store', `${folder.path}/store`, `${folder.path}/context`];
  const child = spawn(command, [...entry, ...build], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  child.stderr.destroy();
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.match(said, /^built a:v1 /);
});

test('output that cannot be written is an error, not a crash', { skip: !existsSync('/dev/full') }, async () => {
  const [command, ...entry] = cliCommand();
  const full = await open('/dev/full', 'w');
  const child = spawn(command, [...entry, 'version'], { stdio: ['ignore', full.fd, 'pipe'] });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const [code] = await once(child, 'close');
  await full.close();
  assert.equal(code, 3);
  assert.match(said, /^error\[DISK_FULL\]: .*\n {2}hint: .*\n$/);
});
