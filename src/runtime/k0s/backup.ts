/** k0s's own backup: etcd's snapshot with the authorities, the config and the manifests (k0s docs: backup.md). */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { type K0sCluster, runK0s } from './cluster.ts';
import { K0S, ownFolder } from './paths.ts';

const BACKUP_MS = 20 * 60_000;

/** k0s names the file itself; in a folder of its own it cannot be taken for another. */
const NEW_FOLDER = 'umask 077 && mkdir -p "$1" && mktemp -d "$1/XXXXXX"';
const ONLY_FILE = 'for each in "$1"/*; do test ! -f "$each" || echo "$each"; done';

/** Takes a backup on a controller and gives its path. @throws SealerError COMMAND_FAILED */
export async function backUp(cluster: K0sCluster, master: Host): Promise<string> {
  const { home, signal } = cluster.context;
  const parent = `${ownFolder(home)}/backups`;
  const made = await master.exec({ argv: ['sh', '-c', NEW_FOLDER, 'sealer', parent], signal });
  const folder = made.stdout.trim();
  await runK0s(cluster, master, [K0S, 'backup', '--save-path', folder], BACKUP_MS);
  const { stdout } = await master.exec({ argv: ['sh', '-c', ONLY_FILE, 'sealer', folder], signal });
  const path = stdout.split('\n')[0] ?? '';
  if (path === '') {
    throw new SealerError('COMMAND_FAILED', `k0s backup on ${master.label} wrote nothing to ${folder}`, {
      hint: 'k0s cannot back up an etcd that is not its own: take a snapshot of that one.',
    });
  }
  return path;
}
