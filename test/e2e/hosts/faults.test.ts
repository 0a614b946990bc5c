/** What goes wrong with hosts: each time it is told what happened, where and what to do, and the same command again goes on. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterStatus } from '../../../src/cluster/index.ts';
import { type CliResult, PROJECT, sealer, sealerJson } from '../../lab/cli.ts';
import { copyOfBaseImages, cut, fillDisk, heal, LAB_IMAGES, needsBaseImages } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { finish } from './interruptions.ts';
import { type LabCluster, labCluster } from './lab-cluster.ts';

const IMAGE = LAB_IMAGES['v1.20.2'].shop;
/** Less than the image, more than what is written before it. */
const SMALL_DISK = 24 << 20;

test('a Clusterfile with twenty mistakes is refused with all of them, each with its line', async (t) => {
  const home = await folderOf(t, 'mistakes');
  const file = join(PROJECT, 'test/fixtures/clusterfiles/twenty-mistakes.yaml');
  for (const command of ['run', 'apply', 'check']) {
    const { code, stderr } = await sealer([command, '-f', file], { home });
    assert.equal(code, 1, stderr);
    const places = stderr.match(/^ {2}at \S*twenty-mistakes\.yaml:\d+/gm) ?? [];
    assert.ok(places.length >= 20, `${places.length} places:\n${stderr}`);
    assert.match(stderr, /error\[CLUSTERFILE_INVALID\]/);
  }
});

test('faults of hosts', { skip: unlessLong(needsBaseImages()) }, async (t) => {
  await using on = await labCluster({ count: 1, prefix: 'faults' }, copyOfBaseImages);
  const [address = ''] = on.addresses;
  const host = on.host(0);
  const args = [IMAGE, '--masters', address];
  const cluster = ['--cluster-host', address];

  await t.test('an image for other machines is refused, and the host named', async (t) => {
    await labelled(t, on, 'arm:v1', 'v1.20.2', ['--platform', 'linux/arm64']);
    const result = await on.sealer('run', 'arm:v1', '--masters', address);
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, new RegExp(`error\\[IMAGE_UNFIT\\]: .*${address}.*\\n +hint: .*arm64`));
  });

  await t.test('a disk that gets full on the way', async () => {
    await using _disk = await fillDisk(host, '/var/lib/sealer', SMALL_DISK);
    const checked = await on.sealer('run', ...args);
    assert.equal(checked.code, 1, checked.stderr);
    assert.match(checked.stderr, new RegExp(`${address}.*\\n[^]*HOST_UNFIT`));
    const full = await on.sealer('run', ...args, '--skip-checks');
    told(full, 'HOST_DISK_FULL', address, /in the step: Bring/);
  });

  await t.test('a host that loses power while it gets the image', async () => {
    await using run = on.start('run', ...args);
    await run.says(/^=> Bring /m);
    await host.kill();
    const result = await run.ended;
    told(result, 'HOST_UNREACHABLE', address, /again/);
    await host.start();
  });

  await t.test('a cable that is out for some seconds during the upload holds nothing up', async () => {
    await using run = on.start('run', ...args);
    await run.says(/^=> (Bring|Run the registry|Write|Set up) /m);
    await cut(host);
    await sleep(5000);
    await heal(host);
    const { code, stderr } = await run.ended;
    assert.equal(code, 0, stderr);
    await finish(on, args);
  });

  await t.test('a registry that does not run is told by status, and started by the next run', async () => {
    await host.exec(['systemctl', 'stop', 'sealer-registry']);
    const result = await on.sealer('status', ...cluster);
    assert.equal(result.code, 3, result.stderr);
    assert.match(result.stderr, new RegExp(`CLUSTER_NOT_READY.*registry.*${address}`));
    const { steps } = await on.json<{ steps: readonly { kind: string }[] }>('run', ...args);
    assert.ok(steps.some(({ kind }) => kind === 'registry'));
    const status = await on.json<ClusterStatus>('status', ...cluster);
    assert.deepEqual(
      { isReady: status.isReady, registryDown: status.registryDown },
      { isReady: true, registryDown: [] },
    );
  });

  await t.test('an older Kubernetes, and one that skips a minor, are refused', async (t) => {
    await labelled(t, on, 'old:v1', 'v1.19.9');
    await labelled(t, on, 'far:v1', 'v1.22.1');
    for (const [image, code] of [
      ['old:v1', 'DOWNGRADE'],
      ['far:v1', 'UPGRADE_SKIPS_MINOR'],
    ] as const) {
      const result = await on.sealer('upgrade', image, ...cluster, '--dry-run');
      assert.equal(result.code, 1, result.stderr);
      assert.match(result.stderr, new RegExp(`error\\[${code}\\]: .*v1\\.20\\.2[^]*hint: `));
    }
  });

  await t.test('the last master, which holds the registry, cannot leave', async () => {
    const result = await on.sealer('delete', ...cluster, '--masters', address, '--yes');
    assert.equal(result.code, 1, result.stderr);
    assert.match(result.stderr, /error\[LAST_MASTER\]: .*\n +hint: .*(--all|whole cluster)/);
    await finish(on, args);
  });
});

/** Fails unless it ended with that error of a host, which says what to do. */
function told({ code, stderr }: CliResult, error: string, address: string, more: RegExp): void {
  assert.equal(code, 3, stderr);
  assert.match(stderr, new RegExp(`error\\[${error}\\]: .*${address.replaceAll('.', '\\.')}[^]*\\n +hint: \\S`));
  assert.match(stderr, more);
}

/** Builds an image that only says which Kubernetes it has. */
async function labelled(
  t: TestContext,
  on: LabCluster,
  name: string,
  version: string,
  flags: readonly string[] = [],
): Promise<void> {
  const folder = await folderOf(t, 'labelled');
  const label = 'cluster.alpha.sealer.io/cluster-runtime';
  writeFiles(folder, {
    Kubefile: `FROM scratch\nLABEL ${label}-type=kubernetes ${label}-version=${version}\nCOPY bin bin/\n`,
    'bin/registry': version,
  });
  await sealerJson(['build', '-t', name, ...flags, folder], { home: join(on.home, 'store') });
}
