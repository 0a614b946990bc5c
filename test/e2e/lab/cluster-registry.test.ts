/** The cluster's registry on real hosts over real SSH: what a node's containerd pulls there, and what changes restart. */

import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  type DistributedImage,
  distribute,
  observeHosts,
  planDistribution,
  readImage,
  rootfsFolder,
} from '../../../src/cluster/distribution/index.ts';
import { ensureRegistry, moveRegistry, removeRegistry } from '../../../src/cluster/registry/index.ts';
import type { LocalRegistrySpec } from '../../../src/clusterfile/desired.ts';
import { SealerError } from '../../../src/error.ts';
import type { Host } from '../../../src/hosts/host.ts';
import { connectSsh, loadHostKeys } from '../../../src/hosts/index.ts';
import { mirrorFiles } from '../../../src/runtime/mirrors/index.ts';
import type { RegistryAccess } from '../../../src/runtime/runtime.ts';
import { openSetting, type Setting } from '../../integration/build/setting.ts';
import { startContainerd } from '../../lab/containerd.ts';
import { labEngine } from '../../lab/engine.ts';
import { type LabHosts, labHosts, needsHosts } from '../../lab/hosts/index.ts';
import { noise } from '../../lab/scratch.ts';
import { findTool, needs, runTool } from '../../lab/tools.ts';
import { FakeClient, gzipLayer, makeImage } from '../../unit/cluster-image/image-maker.ts';

const skip = needsHosts() || needs('docker-registry', 'containerd', 'ctr', 'openssl');
const CLUSTER = 'shop';
const HOME = '/var/lib/sealer/shop';
const SPEC: LocalRegistrySpec = {
  kind: 'local',
  domain: 'sea.hub',
  port: 5000,
  username: 'puller',
  password: 'p"a\\ss: word',
  ha: false,
  insecure: false,
  sans: ['registry.example.com'],
};
const IMAGES = ['docker.io/library/x:v1', 'quay.io/team/y:v2'];

const stack = new AsyncDisposableStack();
let setting: Setting;
let lab: LabHosts;
let hosts: readonly Host[];
let image: DistributedImage;
let access: RegistryAccess;

before(
  async () => {
    if (skip !== false) return;
    const engine = stack.use(await labEngine());
    assert.equal(engine.skip, false);
    lab = stack.use(await labHosts(engine, { count: 3, prefix: 'registry' }));
    const hostKeys = await loadHostKeys({ files: [lab.keys.knownHosts], env: {} });
    const ssh = { user: 'root', port: 22, privateKey: lab.keys.privateKey };
    hosts = await Promise.all(
      lab.hosts.map(async ({ address }) => stack.use(await connectSsh({ address, ssh }, { hostKeys, env: {} }))),
    );
    setting = stack.use(await openSetting());
    image = await build({ 'etc/a': 'one' });
  },
  { timeout: 300_000 },
);
after(() => stack.disposeAsync());

test('hosts get a cluster image and its registry, and a node pulls by the original names with TLS and a password', {
  skip,
  timeout: 180_000,
}, async () => {
  const done = await bring(image, hosts.slice(0, 1));
  assert.ok(done.fetchedByHosts > 0);
  for (const host of hosts.slice(1)) assert.equal(done.perHost[host.address]?.sent ?? 0, 0);
  for (const host of hosts) {
    const { stdout } = await host.exec({ argv: ['getent', 'hosts', 'sea.hub'] });
    assert.match(stdout, new RegExp(`^${hosts[0]?.address} `));
  }
  await pullAll(access);
  const wrong: RegistryAccess = { ...access, credentials: { username: 'puller', password: 'wrong' } };
  await assert.rejects(pullAll(wrong), /40[13]|unauthorized|authoriz/i);
});

test('what is as it should be is not restarted; another password is, and the authority stays', {
  skip,
  timeout: 120_000,
}, async () => {
  const [first] = hosts;
  assert.ok(first);
  const started = await startOf(first);
  const authority = await first.readText(`${HOME}/pki/registry-ca.crt`);
  await ensure(SPEC, hosts.slice(0, 1));
  assert.equal(await startOf(first), started);
  const changed = await ensure({ ...SPEC, password: 'other' }, hosts.slice(0, 1));
  assert.notEqual(await startOf(first), started);
  assert.equal(await first.readText(`${HOME}/pki/registry-ca.crt`), authority);
  await pullAll(changed);
  const { stdout } = await first.exec({ argv: ['stat', '-c', '%a', `${HOME}/pki/registry-ca.key`, HOME] });
  assert.deepEqual(stdout.trim().split('\n'), ['600', '700']);
  await ensure(SPEC, hosts.slice(0, 1));
});

test('a port that is taken is said with the service log', { skip, timeout: 120_000 }, async () => {
  const [, second] = hosts;
  assert.ok(second);
  const squatter = ['/usr/sbin/sshd', '-D', '-p', '5001', '-o', 'PidFile=none'];
  await second.exec({ argv: ['systemd-run', '--unit=squatter', '--property=Type=notify', ...squatter] });
  await assert.rejects(
    ensureRegistry({ ...options({ ...SPEC, port: 5001 }, [second]), readyMs: 20_000 }),
    (error: unknown) =>
      error instanceof SealerError &&
      error.code === 'REGISTRY_NOT_READY' &&
      error.message.includes(second.label) &&
      /address already in use/.test(error.message),
  );
  await removeRegistry(second, HOME);
  await second.exec({ argv: ['systemctl', 'stop', 'squatter'], allowFailure: true });
});

test('the registry moves to another master without the runner, and pulls go on there', {
  skip,
  timeout: 180_000,
}, async () => {
  const [first, second] = hosts;
  assert.ok(first && second);
  const moved = await moveRegistry(first, second, { cluster: CLUSTER, home: HOME, access });
  assert.ok(moved.fetched > 3_000_000);
  const there = await ensure(SPEC, [second]);
  await removeRegistry(first, HOME);
  await pullAll(there);
  assert.equal((await moveRegistry(second, first, { cluster: CLUSTER, home: HOME, access: there })).fetched > 0, true);
  const back = await ensure(SPEC, [first, second]);
  assert.equal(back.endpoints.length, 2);
  await pullAll({ ...back, endpoints: back.endpoints.slice(0, 1) });
  await pullAll({ ...back, endpoints: back.endpoints.slice(1) });
  const plan = planDistribution(image, {
    hosts,
    registryHosts: [first, second],
    present: await observeHosts(image, hosts, { home: HOME }),
  });
  assert.equal(plan.sentByRunner, 0);
});

async function build(files: Readonly<Record<string, string | Uint8Array>>): Promise<DistributedImage> {
  const client = new FakeClient();
  for (const name of IMAGES) client.put(name, makeImage([gzipLayer(name, 2_000_000), gzipLayer('shared', 1_000_000)]));
  const program = await readFile(findTool('docker-registry') ?? '');
  const all = { 'bin/registry': program, 'bin/tool': noise(2_000_000), ...files };
  const Kubefile = [
    'FROM scratch',
    ...Object.keys(all).map((path) => `COPY --chmod=755 ${path} ${path}`),
    'COPY imageList manifests/',
    '',
  ].join('\n');
  const result = await setting.build(
    { Kubefile, imageList: IMAGES.join('\n'), ...all },
    {},
    { client: Object(client) },
  );
  const digest = result.platforms[0]?.manifest.digest;
  assert.ok(digest);
  return await readImage(setting.store, { digest, manifest: await setting.manifest(result) });
}

async function bring(wanted: DistributedImage, registryHosts: readonly Host[]) {
  const present = await observeHosts(wanted, hosts, { home: HOME });
  const plan = planDistribution(wanted, { hosts, registryHosts, present });
  return await distribute(plan, {
    home: HOME,
    cluster: CLUSTER,
    serve: (serving) => ensure(SPEC, serving),
  });
}

function options(spec: LocalRegistrySpec, registryHosts: readonly Host[]) {
  return {
    cluster: CLUSTER,
    home: HOME,
    spec,
    registryHosts,
    masters: hosts.slice(0, 2),
    hosts,
    rootfs: rootfsFolder(HOME, image.digest),
    mirrored: ['docker.io', 'quay.io'],
    now: Date.now,
  };
}

async function ensure(spec: LocalRegistrySpec, registryHosts: readonly Host[]): Promise<RegistryAccess> {
  access = await ensureRegistry(options(spec, registryHosts));
  return access;
}

async function startOf(host: Host): Promise<string> {
  const argv = ['systemctl', 'show', '-p', 'ExecMainPID', '--value', 'sealer-registry'] as const;
  return (await host.exec({ argv })).stdout.trim();
}

/** As a node does it: containerd with the files that drivers write. */
async function pullAll(by: RegistryAccess): Promise<void> {
  await using containerd = await startContainerd();
  const ca = join(containerd.folder, 'ca.crt');
  await writeFile(ca, (await hosts[2]?.readText(`${HOME}/pki/registry-ca.crt`)) ?? '');
  const folder = join(containerd.folder, 'certs.d');
  for (const { path, content } of mirrorFiles({ ...by, caFile: ca }, folder)) {
    mkdirSync(dirname(path), { recursive: true });
    // containerd 1.6 wants at least one host table, or it goes to the internet.
    const url = /^server = (".*")$/m.exec(String(content))?.[1] ?? '';
    const hasTable = String(content).includes('[host.');
    const own = String(content)
      .split('\n')
      .filter((line) => /^(capabilities|override_path|ca) =/.test(line));
    const header = /^authorization = .*$/m.exec(String(content))?.[0] ?? '';
    const table = [`[host.${url}]`, ...own, `[host.${url}.header]`, header, ''].join('\n');
    writeFileSync(path, hasTable ? String(content) : `${content}${table}`);
  }
  for (const name of IMAGES) {
    const fetch = ['content', 'fetch', '--platform', 'linux/amd64', '--hosts-dir', folder, name];
    await runTool('ctr', ['--address', containerd.socket, ...fetch]);
  }
}
