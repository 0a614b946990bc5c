/** A copy of etcd's data, before something that could not be taken back. */

import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { mapOf, stringOf } from '../../kubernetes/fields.ts';
import { findNode } from '../nodes/index.ts';
import { type Driver, etcdFolder, firstMaster } from './driver.ts';
import { etcdKeys, openEtcd } from './members/etcd-client.ts';

/** Snapshots that are kept. */
const KEPT = 5;

/**
 * etcd writes where its own data is, the one folder of its pod that the host has as well; from there it is moved. $1: from;
 * $2: to; $3: how many are kept
 */
const MOVE = `
set -e
mkdir -p -m 700 "\${2%/*}"
test ! -e "$1" || mv "$1" "$2"
chmod 600 "$2"
ls -1t "\${2%/*}"/etcd-*.db | tail -n +$(($3 + 1)) | while read -r old; do rm -f "$old"; done
`;

/** Takes a snapshot. @returns its path on the first master, `<home>/snapshots/etcd-<time>.db` */
export async function takeSnapshot(driver: Driver): Promise<string> {
  const { home, signal, now } = driver;
  const host = firstMaster(driver);
  const time = new Date(now())
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '');
  const name = `etcd-${time}.db`;
  const [inside, path] = [`${etcdFolder(await driver.settings())}/${name}`, `${home}/snapshots/${name}`];
  if (!(await saveByEtcdctl(driver, host, inside))) await saveByStream(driver, host, path);
  await host.exec({ argv: ['sh', '-c', MOVE, 'sealer', inside, path, String(KEPT)], signal });
  return path;
}

/** In etcd's own pod, so that nothing leaves the host. @returns false if its image has no etcdctl */
async function saveByEtcdctl({ kubectl, signal }: Driver, host: Host, path: string): Promise<boolean> {
  const node = await findNode(kubectl, host.address, signal);
  if (node === undefined) return false;
  const pki = '/etc/kubernetes/pki/etcd';
  const trust = [`--cacert=${pki}/ca.crt`, `--cert=${pki}/server.crt`, `--key=${pki}/server.key`];
  const save = ['etcdctl', '--endpoints=https://127.0.0.1:2379', ...trust, 'snapshot', 'save', path];
  const argv = ['-n', 'kube-system', 'exec', `etcd-${node.name}`, '-c', 'etcd', '--', ...save];
  const { code } = await kubectl(argv, { allowFailure: true });
  return code === 0;
}

/** By way of this machine: etcd's JSON API gives it in pieces, a line each, in base64. */
async function saveByStream({ signal }: Driver, host: Host, path: string): Promise<void> {
  const keys = await etcdKeys(host, signal);
  const question = { keys, address: host.address, path: '/v3/maintenance/snapshot', body: {}, signal };
  const answer = await openEtcd(host, question);
  await host.write(path, Readable.from(pieces(answer, host)), { mode: 0o600, signal });
}

async function* pieces(answer: Readable, host: Host): AsyncGenerator<Buffer> {
  let left: unknown;
  // Made only when somebody reads: lines that come before are lost, and with the last of them the end.
  for await (const line of createInterface({ input: answer })) {
    if (line.trim() === '') continue;
    const { result, error } = mapOf(JSON.parse(line));
    if (error !== undefined)
      throw new SealerError('CLUSTER_API_ERROR', `etcd on ${host.label} breaks off its snapshot`);
    const piece = mapOf(result);
    left = piece.remaining_bytes;
    yield Buffer.from(stringOf(piece.blob) ?? '', 'base64');
  }
  // The gateway leaves out what is zero.
  if (left !== undefined && left !== '0')
    throw new SealerError('CLUSTER_API_ERROR', `etcd on ${host.label} breaks off its snapshot`);
}
