/** Provider CONTAINER: `sealer run IMAGE` on nothing but a container engine. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { type CliResult, sealer } from '../../lab/cli.ts';
import { labEngine } from '../../lab/engine.ts';
import { copyOfBaseImages, LAB_IMAGES, needsBaseImages, SHOP_PORT } from '../../lab/hosts/base-image.ts';
import { containerHostImage } from '../../lab/hosts/container-host.ts';
import { unlessLong } from '../../lab/hosts/long.ts';

const NAME = `laptop-${process.pid}`;
const MINUTES = 60_000;

test('without a host named, a cluster runs on containers made for it; day-2 commands find it; delete leaves nothing', {
  skip: unlessLong(needsBaseImages()),
  timeout: 25 * MINUTES,
}, async () => {
  await using stack = new AsyncDisposableStack();
  const home = await mkdtemp(join(tmpdir(), 'sealer-e2e-container-'));
  stack.defer(() => rm(home, { recursive: true, force: true }));
  const engine = stack.use(await labEngine());
  assert.ok(engine.skip === false, String(engine.skip));
  await copyOfBaseImages(join(home, 'store'));
  const { name: image } = stack.use(await containerHostImage(engine));
  const env = { ...engine.env, SEALER_HOME: join(home, 'store'), SEALER_HOST_IMAGE: image };
  const run = async (...args: readonly [string, ...string[]]): Promise<CliResult> => {
    const result = await sealer(args, { home, env });
    assert.equal(result.code, 0, `sealer ${args.join(' ')}:\n${result.stderr.slice(-6000)}`);
    return result;
  };
  stack.defer(async () => {
    await sealer(['delete', '--all', '--yes', '--provider', 'container', '--name', NAME], { home, env });
  });
  const left = async (): Promise<readonly string[]> => {
    const filter = ['--filter', `label=sealer.cluster=${NAME}`, '-q'];
    const lists = [
      await engine.podman('ps', '-a', ...filter),
      await engine.podman('volume', 'ls', ...filter),
      await engine.podman('network', 'ls', ...filter),
    ];
    return lists.flatMap((list) => list.split('\n').filter((line) => line !== ''));
  };

  const { shop } = LAB_IMAGES['v1.20.2'];
  await run('run', shop, '--name', NAME, '-m', '1', '-n', '1');
  const status = JSON.parse((await run('status', '--name', NAME, '--json')).stdout) as {
    readonly isReady: boolean;
    readonly nodes: readonly { readonly address: string }[];
  };
  assert.equal(status.isReady, true);
  assert.equal(status.nodes.length, 2);
  for (const { address } of status.nodes) {
    const { stdout } = await promisify(execFile)('curl', ['-sS', '--max-time', '20', `http://${address}:${SHOP_PORT}`]);
    assert.match(stdout, /^shop v1\.20\.2 on /);
  }

  const again = JSON.parse((await run('run', shop, '--name', NAME, '--json')).stdout) as {
    readonly changed: boolean;
    readonly sent: number;
  };
  assert.deepEqual({ changed: again.changed, sent: again.sent }, { changed: false, sent: 0 });

  assert.equal((await left()).length, 5, 'two containers, two disks, a network');
  await run('delete', '--all', '--yes', '--provider', 'container', '--name', NAME);
  assert.deepEqual(await left(), []);
});
