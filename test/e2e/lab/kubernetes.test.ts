/**
 * The lab's Kubernetes behaves to its starter as k3s does: what the temporary cluster's tests build on. Nothing of ours is
 * used here: podman, kubectl, docker-registry and a relay that stands for a mirror with a password.
 */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { dump } from 'js-yaml';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { type LabEngine, labEngine } from '../../lab/engine.ts';
import { hasRealK3s, labClusterImage, needsCluster } from '../../lab/kubernetes/cluster-image.ts';
import { OPERATOR_NAMESPACE } from '../../lab/operator/manifests.ts';
import { OPERATOR_NEEDS, operatorApp } from '../../lab/operator/operator-app.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs } from '../../lab/tools.ts';

const ABSENT = needsCluster() || (hasRealK3s() && 'a real k3s takes its place');

const LOGIN = `Basic ${Buffer.from('lab:secret').toString('base64')}`;

// As k3s's air-gap installation has it: without a default route it would not start. A bridge where the kernel has no dummy.
const OFFLINE_START = `for kind in dummy bridge; do ip link add dummy0 type $kind && break; done
ip link set dummy0 up && ip addr add 203.0.113.254/31 dev dummy0 || exit 1
ip route add default via 203.0.113.255 dev dummy0 metric 1000 && exec /bin/k3s server`;

test('the lab’s Kubernetes starts as k3s does, offline, runs an operator’s app through registries.yaml, and leaves nothing', {
  skip: ABSENT || OPERATOR_NEEDS || needs('docker-registry'),
  timeout: 900_000,
}, async (t) => {
  await using engine = await labEngine();
  assert.equal(engine.skip, false);
  const image = await labClusterImage(engine);
  await using upstream = await startDockerRegistry();
  const app = await operatorApp(upstream.address);
  await using network = await internalNetwork(engine);
  await using mirror = await startMirror(network.gateway, upstream.address);
  await using folder = await temporaryFolder('k3s');
  writeFileSync(
    join(folder.path, 'config.yaml'),
    dump({ 'disable-default-registry-endpoint': true, disable: ['traefik'] }),
  );
  writeFileSync(
    join(folder.path, 'registries.yaml'),
    dump({
      mirrors: { '*': { endpoint: [`http://${mirror.address}`] } },
      configs: { [mirror.address]: { auth: { username: 'lab', password: 'secret' } } },
    }),
  );

  const started = performance.now();
  const lasted = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  const flags = [
    '--privileged',
    '--cgroupns=host',
    '--tmpfs=/run',
    '--tmpfs=/var/run',
    '--volume=/var/lib/rancher/k3s',
  ];
  const id = (
    await engine.podman(
      'run',
      '--detach',
      ...flags,
      `--network=${network.name}`,
      `--volume=${folder.path}:/etc/rancher/k3s`,
      '--entrypoint=/bin/sh',
      image,
      '-c',
      OFFLINE_START,
    )
  ).trim();
  const kubectl = (...args: readonly string[]) => engine.podman('exec', id, 'kubectl', ...args);
  try {
    const isUp = async () => {
      assert.equal(
        (await engine.podman('inspect', '--format={{.State.Running}}', id)).trim(),
        'true',
        await engine.podman('logs', id),
      );
      return existsSync(join(folder.path, 'k3s.yaml'));
    };
    await until('the API', isUp);
    t.diagnostic(`k3s.yaml after ${lasted()}`);
    assert.match(readFileSync(join(folder.path, 'k3s.yaml'), 'utf8'), /server: https:\/\/127\.0\.0\.1:6443/);
    await until('the node', async () => / Ready /.test(await kubectl('get', 'nodes')));
    await until('the account', async () =>
      (await kubectl('get', 'serviceaccount', '--output=name')).includes('default'),
    );
    t.diagnostic(`node Ready and default service account after ${lasted()}`);

    for (const text of Object.values(app.manifests)) await apply(id, engine, text);
    const available = async (name: string) =>
      (await kubectl(
        '-n',
        OPERATOR_NAMESPACE,
        'get',
        'deployment',
        name,
        '--ignore-not-found',
        '--output=jsonpath={.status.availableReplicas}',
      )) === '1';
    for (const name of ['web', 'operator', 'worker']) await until(`${name}`, () => available(name));
    t.diagnostic(`the app, its operator’s worker too, after ${lasted()}`);

    const seen = mirror.seen.filter(({ url }) => url.includes('/manifests/1'));
    assert.deepEqual(
      [...new Set(seen.map(({ url }) => url))].sort(),
      ['operator', 'web', 'worker'].map(
        (name) => `/v2/lab/${name}/manifests/1?ns=${encodeURIComponent(upstream.address)}`,
      ),
    );
    assert.ok(
      mirror.seen.every(({ authorization }) => authorization === LOGIN),
      'every request has the password',
    );
    assert.doesNotMatch(Object.values(app.manifests).join(), /worker/, 'no file names the worker');
    await assert.rejects(
      kubectl('exec', '-n', OPERATOR_NAMESPACE, 'deploy/web', '--', '/app', 'nonsense'),
      /usage: app/,
      'exec works',
    );

    const stopping = performance.now();
    await engine.podman('stop', '--time=60', id);
    const exit = (await engine.podman('inspect', '--format={{.State.ExitCode}}', id)).trim();
    assert.equal(exit, '0', 'SIGTERM ends it before it has to be killed');
    t.diagnostic(`stopped in ${((performance.now() - stopping) / 1000).toFixed(1)} s`);
  } catch (error) {
    t.diagnostic(await kubectl('get', 'pods,events', '--all-namespaces').catch(String));
    throw error;
  } finally {
    await engine.podman('rm', '--force', '--volumes', '--time=0', id);
  }
  assert.deepEqual(leftOf(id), []);
  assert.equal(await engine.podman('volume', 'ls', '--quiet', '--filter=dangling=true'), '');
});

test('the lab’s Kubernetes ends when one of its programs does, and tells its last words', {
  skip: ABSENT,
  timeout: 600_000,
}, async () => {
  await using engine = await labEngine();
  assert.equal(engine.skip, false);
  const image = await labClusterImage(engine);
  const id = (
    await engine.podman('run', '--detach', '--privileged', '--cgroupns=private', '--network=none', image)
  ).trim();
  try {
    // Without a network there is no address to serve at.
    assert.equal((await engine.podman('wait', id)).trim(), '1');
    assert.match(await engine.podman('logs', id), /k3s: no interface has an IPv4 address: give node-ip/);
  } finally {
    await engine.podman('rm', '--force', '--volumes', '--time=0', id);
  }
  await using network = await internalNetwork(engine);
  const flags = ['--privileged', '--cgroupns=private', '--tmpfs=/run', `--network=${network.name}`];
  const other = (await engine.podman('run', '--detach', ...flags, image)).trim();
  try {
    // Killed before its first word, it would have no last ones.
    const spoke = 'test -s /var/lib/rancher/k3s/logs/etcd.log && pidof etcd';
    await until('etcd', async () => (await engine.podman('exec', other, 'sh', '-c', spoke).catch(() => '')) !== '');
    await engine.podman('exec', other, 'sh', '-c', 'kill -9 $(pidof etcd)');
    assert.equal((await engine.podman('wait', other)).trim(), '1');
    assert.match(await engine.podman('logs', other), /k3s: etcd was killed by killed; its last lines:\n.*etcd/s);
  } finally {
    await engine.podman('rm', '--force', '--volumes', '--time=0', other);
  }
});

/** A network without a way out. */
async function internalNetwork(engine: LabEngine): Promise<{ name: string; gateway: string } & AsyncDisposable> {
  const name = `lab-${process.pid}-${Date.now()}`;
  await engine.podman('network', 'create', '--internal', name);
  const gateway = (
    await engine.podman('network', 'inspect', '--format={{range .Subnets}}{{.Gateway}}{{end}}', name)
  ).trim();
  return {
    name,
    gateway,
    async [Symbol.asyncDispose]() {
      await engine.podman('network', 'rm', '--force', '--time=0', name);
    },
  };
}

interface Mirror extends AsyncDisposable {
  readonly address: string;
  readonly seen: { readonly url: string; readonly authorization: string | undefined }[];
}

/** Passes what comes with the right password on to a registry; with another, nothing. */
async function startMirror(host: string, upstream: string): Promise<Mirror> {
  const seen: Mirror['seen'] = [];
  const [hostname, port] = upstream.split(':');
  const server = createServer((incoming, outgoing) => {
    const { url = '/', method, headers } = incoming;
    seen.push({ url, authorization: headers.authorization });
    if (headers.authorization !== LOGIN) return void outgoing.writeHead(401).end();
    request({ hostname, port, path: url, method, headers: { accept: headers.accept } }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    }).end();
  });
  // The bridge has its address only while a container is on it, so this one listens before: on all addresses.
  server.listen(0, '0.0.0.0');
  await once(server, 'listening');
  return {
    address: `${host}:${(server.address() as AddressInfo).port}`,
    seen,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function apply(container: string, engine: LabEngine, text: string): Promise<void> {
  const podman = join(import.meta.dirname, '../../lab/engine/podman');
  assert.equal(engine.skip, false);
  await new Promise<void>((resolve, reject) => {
    const child = execFile(podman, ['exec', '-i', container, 'kubectl', 'apply', '-f', '-'], (error) =>
      error === null ? resolve() : reject(error),
    );
    child.stdin?.end(text);
  });
}

async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 180_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`not so after three minutes: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** Cgroups and mounts with a container's id in their names. */
function leftOf(id: string): string[] {
  const hierarchies = existsSync('/sys/fs/cgroup') ? readdirSync('/sys/fs/cgroup') : [];
  const cgroups = hierarchies
    .map((each) => `/sys/fs/cgroup/${each}/libpod_parent`)
    .filter(existsSync)
    .flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  return [...cgroups, ...mounts].filter((each) => each.includes(id));
}
