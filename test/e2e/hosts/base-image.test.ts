/** The base image with kubeadm, made from upstream's layout by our own command line, becomes a cluster. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import type { ClusterStatus } from '../../../src/cluster/index.ts';
import { startMirror } from '../../lab/base-images/mirror.ts';
import { pushRealImages, realKubernetes } from '../../lab/base-images/real-kubernetes.ts';
import { startLabRegistry } from '../../lab/base-images/registry.ts';
import { FLANNEL_IMAGES } from '../../lab/base-images/upstream.ts';
import { PROJECT, sealer } from '../../lab/cli.ts';
import { needsBaseImages, SHOP_PORT } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';
import { labCluster } from './lab-cluster.ts';

const VERSION = 'v1.20.2';

/** What the lab's hosts need beside the base: they are containers, and their network is the lab's own. */
const KUBEFILE = `FROM kubeadm:${VERSION}
COPY etc etc
COPY images/network.tar images/network.tar
APP network network.yaml
APP shop shop.yaml
LAUNCH ["network", "shop"]
`;

/** Builds `shop:v1` on the base into a store at a path where nothing is. */
async function fillStore(store: string): Promise<void> {
  await using folder = await temporaryFolder('base-on-hosts');
  const home = folder.path;
  const real = await realKubernetes(VERSION);
  await using mirror = await startMirror(real.files);
  await using registry = await startLabRegistry(join(home, 'registry'), FLANNEL_IMAGES);
  await pushRealImages(real, registry, VERSION);
  const images = join(home, 'images');
  cpSync(join(PROJECT, 'images', 'kubeadm'), join(images, 'kubeadm'), { recursive: true });
  const file = join(images, 'kubeadm', 'versions.yaml');
  const data = readFileSync(file, 'utf8').replace(/^channels:.*$/m, 'channels: [stable]');
  writeFileSync(
    file,
    data.replace(/^variants:.*$/m, 'variants: [flannel]').replace(/^architectures:.*$/m, 'architectures: [amd64]'),
  );
  writeFileSync(join(images, 'kubeadm', 'sealer.yaml'), registry.rules);
  const run = async (...args: readonly string[]): Promise<void> => {
    const { code, stderr } = await sealer(args, { home, cwd: home, env: { SEALER_HOME: store } });
    assert.equal(code, 0, `sealer ${args.join(' ')}:\n${stderr.slice(-4000)}`);
  };
  await run('images', 'versions', 'kubeadm', '--update', ...mirror.flags, ...registry.flags);
  await run('images', 'build', 'kubeadm', '--platform', 'linux/amd64', '-t', `kubeadm:${VERSION}`, ...mirror.flags);
  const shop = join(home, 'shop');
  cpSync(join(real.folder, 'shop'), shop, { recursive: true });
  cpSync(join(real.folder, 'context', 'etc'), join(shop, 'etc'), { recursive: true });
  cpSync(join(real.folder, 'context', 'images', 'network.tar'), join(shop, 'images', 'network.tar'));
  cpSync(join(real.folder, 'context', 'manifests', 'network.yaml'), join(shop, 'network.yaml'));
  writeFileSync(join(shop, 'Kubefile'), KUBEFILE);
  const archive = join(real.folder, 'shop-archives', 'shop.tar');
  await run('build', '--platform', 'linux/amd64', '--pull=never', '--image-archive', archive, '-t', 'shop:v1', shop);
}

test('kubeadm: a base image made from upstream’s layout becomes a cluster that an app runs on, offline', {
  skip: unlessLong(needsBaseImages() || needs('crane')),
}, async () => {
  await using on = await labCluster({ count: 2, prefix: 'base' }, fillStore);
  const [master = '', node = ''] = on.addresses;
  // A master alone runs what there is: kubeadm's taints are off it.
  await on.json('run', 'shop:v1', '--masters', master);
  const kubectl = ['kubectl', '--kubeconfig', '/etc/kubernetes/admin.conf'] as const;
  const taints = ['get', 'nodes', '-o', 'jsonpath={.items[*].spec.taints}'];
  assert.equal((await on.host(0).exec([...kubectl, ...taints])).stdout.trim(), '');
  const rerun = await on.json<{ readonly changed: boolean }>('run', 'shop:v1', '--masters', master);
  assert.equal(rerun.changed, false);
  await on.json('run', 'shop:v1', '--masters', master, '--nodes', node);
  const status = await on.json<ClusterStatus>('status', '--cluster-host', master);
  assert.equal(status.isReady, true);
  assert.equal(status.nodes.length, 2);
  for (const address of on.addresses) {
    const { stdout } = await promisify(execFile)('curl', ['-sS', '--max-time', '20', `http://${address}:${SHOP_PORT}`]);
    assert.match(stdout, /^shop v1\.20\.2 on /);
  }
  const again = await on.json<{ readonly changed: boolean }>('run', 'shop:v1', '--masters', master, '--nodes', node);
  assert.equal(again.changed, false);
});
