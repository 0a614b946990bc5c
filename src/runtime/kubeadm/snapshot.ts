/** A copy of etcd's data, before something that could not be taken back. */

import type { Host } from '../../hosts/host.ts';
import { findNode } from '../nodes/index.ts';
import { type Driver, firstMaster } from './driver.ts';
import { etcdctl } from './members/etcd.ts';

/** Snapshots that are kept. */
const KEPT = 5;

/** etcd writes where its own data is (the one folder of its pod that the host has as well); from there it is moved. $1: from; $2: to; $3: kept */
const MOVE = `
set -e
mkdir -p -m 700 "\${2%/*}"
chmod 600 "$1"
mv "$1" "$2"
ls -1t "\${2%/*}"/etcd-*.db | tail -n +$(($3 + 1)) | while read -r old; do rm -f "$old"; done
`;

/** Takes a snapshot. @returns its path on the first master, `<home>/snapshots/etcd-<time>.db` */
export async function takeSnapshot(driver: Driver): Promise<string> {
  const { kubectl, home, signal, now } = driver;
  const host: Host = firstMaster(driver);
  const node = await findNode(kubectl, host.address, signal);
  const time = new Date(now())
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
  const name = `etcd-${time}.db`;
  const inside = `/var/lib/etcd/${name}`;
  await etcdctl(kubectl, node?.name ?? host.address, ['snapshot', 'save', inside], { signal });
  const path = `${home}/snapshots/${name}`;
  await host.exec({ argv: ['sh', '-c', MOVE, 'sealer', inside, path, String(KEPT)], signal });
  return path;
}
