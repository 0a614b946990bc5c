import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { labEngine, whatEngineLacks } from '../../lab/engine.ts';

const skip = whatEngineLacks() ?? false;

test('engines of several processes work side by side, and each ends with its own', {
  skip,
  timeout: 400_000,
}, async () => {
  await using ours = await labEngine();
  assert.equal(ours.skip, false);
  const theirs = spawn(process.execPath, ['--input-type=module-typescript', '--eval', OTHER_PROCESS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(theirs.stdout, 'data')) as [Buffer];
  const socket = line.toString().trim();
  assert.ok(existsSync(socket), socket);
  assert.notEqual(`unix://${socket}`, ours.env.DOCKER_HOST);

  theirs.kill('SIGKILL');
  await once(theirs, 'exit');
  const deadline = Date.now() + 90_000;
  while (existsSync(socket)) {
    assert.ok(Date.now() < deadline, 'the service of a killed process is still there');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.match(await ours.podman('version', '--format', '{{.Client.Version}}'), /^\d/);
  assert.ok(existsSync(ours.env.DOCKER_HOST.slice('unix://'.length)), 'ours goes on');
});

const OTHER_PROCESS = `
  const { labEngine } = await import(${JSON.stringify(new URL('../../lab/engine.ts', import.meta.url).href)});
  const engine = await labEngine();
  console.log(engine.env.DOCKER_HOST.slice('unix://'.length));
  setInterval(() => {}, 1000);
`;
