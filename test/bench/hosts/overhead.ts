/** A whole `sealer run` on two hosts, and kubeadm by hand on the same two. */

import { join } from 'node:path';
import type { LabEngine } from '../../lab/engine.ts';
import { copyOfBaseImages, LAB_IMAGES, labHosts, needsBaseImages } from '../../lab/hosts/index.ts';
import { measure } from '../measure.ts';
import { type BenchSession, megabytes, sealerLine, seconds } from '../session.ts';
import { bareKubeadm } from './bare-kubeadm.ts';
import { linkTo } from './link.ts';

interface Result {
  readonly steps: readonly { readonly kind: string; readonly bytes?: number }[];
  readonly times: readonly { readonly id: string; readonly ms: number }[];
  readonly sent: number;
}

export async function benchOverhead({ folder, rows, peaks }: BenchSession, engine: LabEngine): Promise<void> {
  const absent = needsBaseImages();
  if (absent !== false) {
    process.stderr.write(`bench: overhead skipped: ${absent}\n`);
    return;
  }
  const home = join(folder, 'run-store');
  await copyOfBaseImages(home);
  await using lab = await labHosts(engine, { count: 2, prefix: 'bench' });
  const [master, node] = lab.hosts;
  if (master === undefined || node === undefined) throw new Error('there are no hosts');
  const link = await linkTo(master.address);
  const before = link.sent();
  const hosts = ['--masters', master.address, '--nodes', node.address];
  const ssh = [
    '--key',
    lab.keys.privateKey,
    '--known-hosts',
    lab.keys.knownHosts,
    '--log-dir',
    join(folder, 'run-logs'),
  ];
  const run = await measure(sealerLine(home, ['run', LAB_IMAGES['v1.20.2'].base, ...hosts, ...ssh, '--json', '-q']));
  const crossed = link.sent() - before;
  peaks.push(run.peak);
  const { steps, times, sent } = JSON.parse(run.stdout) as Result;
  for (const { id, ms } of times) process.stderr.write(`bench: ${(ms / 1000).toFixed(1)} s ${id}\n`);
  const size = steps.find(({ kind }) => kind === 'distribute')?.bytes ?? 0;
  rows.push({
    what: 'bytes over the link of a whole run, 2 hosts',
    ours: megabytes(crossed),
    peer: `image ${megabytes(size)}`,
    ratio: `${(crossed / size).toFixed(2)}×, ${megabytes(sent)} of content`,
    target: '≤ 1.1×',
    met: crossed <= 1.1 * size,
  });

  const bare = await bareKubeadm(master, node);
  const over = run.wall - bare.wall;
  const isKubeadm = (id: string) => /^(init|join)/.test(id);
  const inKubeadm = times.filter(({ id }) => isKubeadm(id)).reduce((sum, { ms }) => sum + ms / 1000, 0);
  rows.push(
    {
      what: 'sealer run, 1 master + 1 node, until Ready',
      ours: seconds(run),
      peer: `kubeadm by hand, files there ${bare.wall.toFixed(2)} s`,
      ratio: `${(run.wall / bare.wall).toFixed(2)}×, ${over >= 0 ? '+' : ''}${over.toFixed(2)} s`,
      target: '',
      met: undefined,
    },
    {
      what: 'of it, init and join',
      ours: `${inKubeadm.toFixed(2)} s`,
      peer: `kubeadm init + join ${bare.kubeadm.toFixed(2)} s`,
      ratio: `${(inKubeadm / bare.kubeadm).toFixed(2)}×`,
      target: '',
      met: undefined,
    },
  );
}
