/** What only a process shows: signals and closed pipes. */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { PROJECT } from '../../lab/cli.ts';
import { temporaryFolder, writeFiles } from '../../lab/scratch.ts';

function start(args: readonly string[], home: string) {
  return spawn(process.execPath, [join(PROJECT, 'src/cli/main.ts'), ...args], {
    env: { PATH: process.env.PATH, SEALER_HOME: home },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

/** Waits until a stream has said something, and gives all that it says to the end. */
function collect(stream: NodeJS.ReadableStream, until: RegExp): { seen: Promise<void>; all: () => string } {
  let text = '';
  const seen = new Promise<void>((done) => {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (until.test(text)) done();
    });
  });
  return { seen, all: () => text };
}

test('Ctrl-C ends a build soon: INTERRUPTED, exit 1, and the command of RUN is gone too', async () => {
  await using folder = await temporaryFolder('signal');
  writeFiles(folder.path, {
    'context/Kubefile': 'FROM scratch\nCOPY x bin/x\nRUN echo running; sleep 600\n',
    'context/x': 'x',
  });
  const child = start(['build', '--progress', 'plain', join(folder.path, 'context')], join(folder.path, 'home'));
  const { seen, all } = collect(child.stderr, /\| running/);
  await seen;
  child.kill('SIGINT');
  const [code] = await once(child, 'close');
  assert.equal(code, 1, all());
  assert.match(all(), /error\[INTERRUPTED\]/);
});

test('SIGTERM ends a server in peace: exit 0', async () => {
  await using folder = await temporaryFolder('signal');
  const child = start(['registry', 'serve', '--listen', 'localhost:0'], folder.path);
  const { seen } = collect(child.stdout, /serving on/);
  await seen;
  child.kill('SIGTERM');
  assert.deepEqual(await once(child, 'close'), [0, null]);
});

test('a reader that goes away early is no failure', async () => {
  await using folder = await temporaryFolder('pipe');
  const child = start(['--help'], folder.path);
  const { all } = collect(child.stderr, /./);
  child.stdout.destroy();
  const [code] = await once(child, 'close');
  assert.equal(code, 0);
  assert.equal(all(), '');
});
