/** A node for tests: an image that takes what k3s takes and does next to nothing with it. */

import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LabEngine } from '../../lab/engine.ts';

const BUSYBOX = '/bin/busybox';

/** Why there can be no such image here, or undefined. */
export function whatStandInLacks(): string | undefined {
  if (!existsSync(BUSYBOX)) return 'absent: busybox (test/lab/install-lab installs busybox-static)';
  const kind = execFileSync(BUSYBOX, ['--help'], { encoding: 'utf8' });
  return /BusyBox/.test(kind) ? undefined : `${BUSYBOX} is something else`;
}

/** What `k3s` does there: stay, or print two lines and end with code 3. */
export type Conduct = 'stays' | 'ends';

/** Makes the image, unless it is there. @returns its name in the engine */
export async function standInImage(engine: LabEngine, conduct: Conduct): Promise<string> {
  const name = `localhost/sealer-lab/stand-in:${conduct}`;
  const isThere = await engine.podman('image', 'exists', name).then(
    () => true,
    () => false,
  );
  if (!isThere) await make(engine, name, conduct);
  return name;
}

const K3S = `#!/bin/sh
echo "k3s $*"
case $1 in ends) echo 'level=fatal msg="no such luck"'; exit 3 ;; esac
trap 'exit 0' TERM
while :; do sleep 1; done
`;

async function make(engine: LabEngine, name: string, conduct: Conduct): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'sealer-stand-in-'));
  try {
    const root = join(work, 'root');
    for (const folder of ['bin', 'dev', 'etc', 'proc', 'run', 'sys', 'tmp', 'var']) {
      mkdirSync(join(root, folder), { recursive: true });
    }
    copyFileSync(BUSYBOX, join(root, 'bin/busybox'));
    for (const applet of execFileSync(BUSYBOX, ['--list'], { encoding: 'utf8' }).trim().split('\n')) {
      if (applet !== 'busybox') symlinkSync('busybox', join(root, 'bin', applet));
    }
    writeFileSync(join(root, 'bin/k3s'), K3S);
    chmodSync(join(root, 'bin/k3s'), 0o755);
    const tar = join(work, 'root.tar');
    execFileSync('tar', ['-C', root, '-cf', tar, '.']);
    const entrypoint = `ENTRYPOINT ${JSON.stringify(['/bin/k3s', conduct])}`;
    const changes = [entrypoint, 'VOLUME /var/lib/kubelet', 'VOLUME /var/lib/rancher/k3s'];
    await engine.podman('import', '--quiet', ...changes.flatMap((change) => ['--change', change]), tar, name);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}
