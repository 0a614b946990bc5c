/** A Clusterfile may put etcd's data onto a disk of its own. */

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { CLEAN_ETCD } from '../../../../src/runtime/kubeadm/clean/programs.ts';
import { worldOf } from './world.ts';

const MOVED = { ClusterConfiguration: { etcd: { local: { dataDir: '/data/etcd/' } } } };

test('a snapshot is written where etcd has its data: the one folder that its pod and the host share', async () => {
  await using world = await worldOf(1, MOVED);
  await world.runtime.snapshot();
  const save = world.commands.find((argv) => argv.includes('snapshot'))?.at(-1) ?? '';
  assert.match(save, /^\/data\/etcd\/etcd-.*\.db$/);
  assert.ok(
    world.commands.some((argv) => argv[0] === 'sh' && argv.includes(save)),
    'it is moved from there',
  );
});

test('a cluster that is deleted takes its data from there', async () => {
  await using world = await worldOf(1, MOVED);
  await world.runtime.reset(world.hosts.map((host) => ({ address: host.address, host })));
  assert.ok(world.commands.some((argv) => argv[2] === CLEAN_ETCD && argv.at(-1) === '/data/etcd'));
});

test("of that folder only etcd's own goes, and the folder itself if it was not there", () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealer-etcd-'));
  try {
    const [before, data] = [join(folder, 'before'), join(folder, 'data')];
    const clean = () => execFileSync('sh', ['-c', CLEAN_ETCD, 'sealer', before, data]);
    const fill = () => mkdirSync(join(data, 'member/wal'), { recursive: true });
    writeFileSync(before, `folder ${data}\n`);
    fill();
    clean();
    assert.deepEqual([existsSync(data), existsSync(join(data, 'member'))], [true, false]);
    writeFileSync(before, 'folder /var/lib/etcd\n');
    fill();
    writeFileSync(join(data, 'mine'), '');
    clean();
    assert.ok(existsSync(join(data, 'mine')));
    rmSync(join(data, 'mine'));
    clean();
    assert.ok(!existsSync(data));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
