import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { cleanHost } from '../../../../src/cluster/apply/clean-host.ts';
import { fakeHost } from '../../runtime/services/fake-host.ts';

const busybox = spawnSync('sh', ['-c', 'command -v busybox'], { encoding: 'utf8' }).stdout.trim();

test("a cluster's folder is removed with busybox's tools as well, twice if it has to be", {
  skip: busybox === '' && 'no busybox',
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealer-clean-'));
  try {
    for (const name of ['sh', 'find', 'rm', 'rmdir', 'mv']) symlinkSync(busybox, join(folder, name));
    const home = join(folder, 'data/shop');
    mkdirSync(join(home, 'rootfs/bin'), { recursive: true });
    writeFileSync(join(home, 'rootfs/bin/kubeadm'), '');
    const host = fakeHost('openrc');
    await cleanHost(host, home);
    const removal = host.commands.findLast((argv) => argv.at(-1) === home && !argv.includes('rmdir'));
    assert.ok(removal);
    for (const _ of ['once', 'again']) {
      execFileSync(join(folder, removal[0] ?? ''), removal.slice(1), { env: { PATH: folder } });
      assert.ok(!existsSync(home));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('who waits for the lock of a cluster that is deleted begins with a folder of its own, which stays', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sealer-clean-'));
  try {
    const home = join(folder, 'data/shop');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'state.json'), '');
    // The other run comes as soon as it can.
    const find = `#!/bin/sh\nPATH=/usr/bin:/bin\nmkdir -p ${home}; echo new >${home}/lock\nexec find "$@"\n`;
    writeFileSync(join(folder, 'find'), find, { mode: 0o755 });
    const host = fakeHost('systemd');
    await cleanHost(host, home);
    const removal = host.commands.findLast((argv) => argv.at(-1) === home && !argv.includes('rmdir'));
    execFileSync('sh', removal?.slice(1), { env: { PATH: `${folder}:/usr/bin:/bin` } });
    assert.deepEqual([readdirSync(join(folder, 'data')), readdirSync(home)], [['shop'], ['lock']]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
