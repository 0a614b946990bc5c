/** Bringing a rootfs of 500 MB to hosts: how much of it crosses this machine's link, and how long it takes next to scp. */

import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type DistributedImage,
  distribute,
  observeHosts,
  planDistribution,
  readImage,
  rootfsFolder,
} from '../../../src/cluster/distribution/index.ts';
import { loadRunnableImage } from '../../../src/cluster/image/runnable-image.ts';
import { ensureRegistry } from '../../../src/cluster/registry/index.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { connectSsh, loadHostKeys } from '../../../src/hosts/index.ts';
import { hexOf } from '../../../src/oci/digest.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';
import { Store } from '../../../src/oci/store/index.ts';
import type { LabEngine } from '../../lab/engine.ts';
import { type LabHosts, labHosts } from '../../lab/hosts/index.ts';
import { noise, writeFiles } from '../../lab/scratch.ts';
import { findTool, runTool } from '../../lab/tools.ts';
import { measure } from '../measure.ts';
import { type BenchSession, megabytes, sealerLine } from '../session.ts';
import { linkTo } from './link.ts';

const COUNTS = [1, 4, 8];
const MEGABYTES = 500;
const FILES = 5;
const CLUSTER = 'bench';
const HOME = `/var/lib/sealer/${CLUSTER}`;
const IMAGE = 'rootfs:v1';

/** `SEALER_BENCH_HOSTS` (`1,4,8`) and `SEALER_BENCH_ROOTFS` (in MB) set other sizes. */
export async function benchRootfs({ folder, rows }: BenchSession, engine: LabEngine): Promise<void> {
  const counts = process.env.SEALER_BENCH_HOSTS?.split(',').map(Number) ?? COUNTS;
  const size = Number(process.env.SEALER_BENCH_ROOTFS ?? MEGABYTES);
  const home = join(folder, 'rootfs-store');
  await using store = await buildImage(folder, home, size);
  const image = await read(store);
  const total = [...image.files, ...image.images].reduce((sum, { size }) => sum + size, 0);
  for (const count of counts) {
    await using lab = await labHosts(engine, { count, prefix: `bench${count}` });
    const link = await linkTo(lab.hosts[0]?.address ?? '');
    const before = link.sent();
    const started = performance.now();
    await bring(image, lab);
    const wall = (performance.now() - started) / 1000;
    const crossed = link.sent() - before;
    rows.push({
      what: `bytes over the link, ${count} ${count === 1 ? 'host' : 'hosts'}`,
      ours: megabytes(crossed),
      peer: `image ${megabytes(total)}`,
      ratio: `${(crossed / total).toFixed(2)}×`,
      target: '≤ 1.1×',
      met: crossed <= 1.1 * total,
    });
    if (count !== counts.at(-1)) continue;
    const files = image.files.map(({ digest }) => join(home, 'blobs', 'sha256', hexOf(digest)));
    for (const { how, seconds } of await timeScp(files, lab)) {
      rows.push({
        what: `${size} MB of rootfs to ${count} hosts, laid out`,
        ours: `${wall.toFixed(2)} s`,
        peer: `scp ${how} ${seconds.toFixed(2)} s`,
        ratio: `${(wall / seconds).toFixed(2)}×`,
        target: '≤ 1.0×',
        met: wall <= seconds,
      });
    }
  }
}

async function buildImage(folder: string, home: string, size: number): Promise<Store> {
  const context = join(folder, 'rootfs');
  const names = Array.from({ length: FILES }, (_, i) => `part-${i}.bin`);
  const copies = names.map((name) => `COPY ${name} share/${name}\n`).join('');
  writeFiles(context, {
    Kubefile: `FROM scratch\nCOPY Metadata Metadata\nCOPY registry bin/registry\n${copies}`,
    Metadata: JSON.stringify({ version: 'v1.20.2', arch: 'amd64', kubeVersion: 'v1.20.2' }),
  });
  mkdirSync(context, { recursive: true });
  copyFileSync(findTool('docker-registry') ?? '', join(context, 'registry'));
  for (const name of names) writeFileSync(join(context, name), noise(Math.round((size * 1e6) / FILES), name));
  await measure(sealerLine(home, ['build', '-q', '-t', IMAGE, context]));
  rmSync(context, { recursive: true });
  return await Store.open(home);
}

async function read(store: Store): Promise<DistributedImage> {
  const descriptor = await store.resolve(formatReference(parseReference(IMAGE)));
  if (descriptor === undefined) throw new Error(`${IMAGE} is not in the store`);
  return await readImage(store, await loadRunnableImage(store, IMAGE, descriptor, 'amd64'));
}

/** Connects, looks, and brings what is missing: the way of `sealer run`. */
async function bring(image: DistributedImage, lab: LabHosts): Promise<void> {
  await using connections = new AsyncDisposableStack();
  const hostKeys = await loadHostKeys({ files: [lab.keys.knownHosts], env: {} });
  const ssh = { user: 'root', port: 22, privateKey: lab.keys.privateKey };
  const connect = async ({ address }: { readonly address: string }): Promise<Host> =>
    connections.use(await connectSsh({ address, ssh }, { hostKeys, env: {} }));
  const hosts = await Promise.all(lab.hosts.map(connect));
  const masters = hosts.slice(0, 1);
  const present = await observeHosts(image, hosts, { home: HOME });
  const plan = planDistribution(image, { hosts, registryHosts: masters, present });
  await distribute(plan, {
    home: HOME,
    cluster: CLUSTER,
    serve: (registryHosts) =>
      ensureRegistry({
        ...{ cluster: CLUSTER, home: HOME, registryHosts, masters, hosts, mirrored: [], now: Date.now },
        spec: { kind: 'local', domain: 'sea.hub', port: 5000, ha: false, insecure: false, sans: [] },
        rootfs: rootfsFolder(HOME, image.digest),
      }),
  });
}

/**
 * The same files by scp, which neither checks nor unpacks them: to one host after the other, to all at once, and to all at
 * once with what it takes until they are laid out and on the disk, as ours are.
 */
async function timeScp(files: readonly string[], lab: LabHosts): Promise<readonly { how: string; seconds: number }[]> {
  const options = ['-q', '-F', 'none', '-o', `UserKnownHostsFile=${lab.keys.knownHosts}`, '-i', lab.keys.privateKey];
  const clear = () =>
    Promise.all(lab.hosts.map((host) => host.exec(['sh', '-c', 'rm -rf /var/lib/scp && mkdir /var/lib/scp && sync'])));
  const copy = ({ address }: { readonly address: string }) =>
    runTool('scp', [...options, ...files, `root@${address}:/var/lib/scp/`]);
  const time = async (work: () => Promise<unknown>): Promise<number> => {
    await clear();
    const started = performance.now();
    await work();
    return (performance.now() - started) / 1000;
  };
  const inTurn = await time(async () => {
    for (const host of lab.hosts) await copy(host);
  });
  const atOnce = await time(() => Promise.all(lab.hosts.map(copy)));
  const unpack =
    'cd /var/lib/scp && mkdir out && for file in *; do [ "$file" = out ] || tar -xzf "$file" -C out; done && sync -f out';
  const laidOut = await time(() =>
    Promise.all(
      lab.hosts.map(async (host) => {
        await copy(host);
        await host.exec(['sh', '-c', unpack]);
      }),
    ),
  );
  return [
    { how: 'in turn', seconds: inTurn },
    { how: 'at once', seconds: atOnce },
    { how: 'at once, tar, sync', seconds: laidOut },
  ];
}
