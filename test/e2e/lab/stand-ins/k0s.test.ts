import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { LabHost } from '../../../lab/hosts/index.ts';
import { needsAskedStandIns, podOnEveryNode, put, type Rig, servedNames, sh, startRig, until } from './rig.ts';

const PAUSE = 'quay.io/k0sproject/pause:3.1';
const TOKEN = '/root/join-token';

describe('the stand-in for k0s is a cluster, and refuses what k0s refuses', { skip: needsAskedStandIns() }, () => {
  let rig: Rig;
  before(async () => {
    rig = await startRig('k0s', PAUSE, '/var/lib/k0s/images');
    await rig.install(rig.hosts, 'v1.20.2+k0s.0');
  });
  after(() => rig?.[Symbol.asyncDispose]());

  it('a first controller is installed once, started, and soon a node', async () => {
    const [first] = rig.hosts;
    await configure(first, []);
    const install = 'k0s install controller -c /etc/k0s/k0s.yaml --enable-worker';
    assert.equal(await sh(first, install), '');
    assert.match(await sh(first, install), /Init already exists: \/etc\/systemd\/system\/k0scontroller\.service/);
    const since = performance.now();
    await first.exec(['k0s', 'start']);
    await ready(first, first, 'v1.20.2+k0s');
    console.log(`# ready in ${Math.round(performance.now() - since)} ms`);
    assert.match(await sh(first, 'k0s reset'), /k0s seems to be running/);
    const status: unknown = JSON.parse(await sh(first, 'k0s status -o json'));
    assert.ok(typeof status === 'object' && status !== null && 'Role' in status && 'Version' in status);
    assert.deepEqual([status.Role, status.Version], ['controller+worker', 'v1.20.2+k0s.0']);
  });

  it('a token of the wrong role, or one that was invalidated, is refused', async () => {
    const [first, second, , fourth] = rig.hosts;
    await token(first, fourth, 'controller');
    await fourth.exec(['k0s', 'install', 'worker', '--token-file', TOKEN]);
    await fourth.exec(['k0s', 'start']);
    await until(fourth, 'journalctl -u k0sworker', /wrong token type controller-bootstrap/);
    await token(first, second, 'controller');
    await sh(first, "k0s token list | awk 'NR > 1 { print $1 }' | xargs k0s token invalidate");
    await configure(second, []);
    await second.exec([
      'k0s',
      'install',
      'controller',
      '-c',
      '/etc/k0s/k0s.yaml',
      '--enable-worker',
      '--token-file',
      TOKEN,
    ]);
    await second.exec(['k0s', 'start']);
    await until(second, 'journalctl -u k0scontroller', /401 Unauthorized/);
  });

  it('controllers and a worker join, and pods run on all', async () => {
    const [first, second, third, fourth] = rig.hosts;
    await token(first, fourth, 'worker');
    await fourth.exec(['systemctl', 'restart', 'k0sworker']);
    await configure(third, []);
    const install = ['k0s', 'install', 'controller', '-c', '/etc/k0s/k0s.yaml', '--enable-worker'] as const;
    await third.exec([...install, '--token-file', TOKEN]);
    for (const host of [second, third]) {
      await token(first, host, 'controller');
      await host.exec(['systemctl', 'restart', 'k0scontroller']);
      await ready(first, host, 'v1.20.2+k0s');
    }
    await ready(first, fourth, 'v1.20.2+k0s');
    assert.deepEqual(
      await members(first),
      rig.hosts.slice(0, 3).map(({ name }) => name),
    );
    await first.exec(['k0s', 'kubectl', 'apply', '-f', '-'], { input: podOnEveryNode(PAUSE) });
    await until(first, 'k0s kubectl get pods --no-headers | grep -cw Running', /^4$/m);
  });

  it('a controller leaves etcd by its address, and is as before after a reset', async () => {
    const [first, second] = rig.hosts;
    assert.match(await sh(first, `k0s etcd leave --peer-address https://${second.address}:2380`), /peer not found/);
    await first.exec(['k0s', 'etcd', 'leave', '--peer-address', second.address]);
    assert.equal((await members(first)).length, 2);
    assert.equal((await sh(second, 'systemctl is-active k0scontroller')).trim(), 'active');
    await second.exec(['k0s', 'stop']);
    await first.exec(['k0s', 'kubectl', 'delete', 'node', second.name]);
    await second.exec(['k0s', 'reset']);
    const left =
      'ls -d /var/lib/k0s /run/k0s /etc/systemd/system/k0s* 2>/dev/null; pgrep containerd-shim; grep k0s /proc/mounts';
    assert.equal(await sh(second, left), '');
  });

  it('a restart takes names from the config, and another program is an upgrade', async () => {
    const [first, , third] = rig.hosts;
    await rig.install([third], 'v1.20.3+k0s.0');
    await configure(third, ['api.example.test']);
    await third.exec(['k0s', 'stop']);
    await third.exec(['k0s', 'start']);
    await ready(first, third, 'v1.20.3+k0s');
    assert.match(await servedNames(third.address), /DNS:api\.example\.test/);
  });

  it('settings of containerd that this version does not know keep it from starting', async () => {
    const [, , , fourth] = rig.hosts;
    await put(fourth, '/etc/k0s/containerd.d/x.toml', 'version = 3\n');
    await fourth.exec(['systemctl', 'restart', 'k0sworker']);
    await until(fourth, 'journalctl -u k0sworker -n 4', /expected containerd config version/);
  });
});

async function configure(host: LabHost, sans: readonly string[]): Promise<void> {
  const spec = { api: { address: host.address, sans }, network: { nodeLocalLoadBalancing: { enabled: true } } };
  const config = { apiVersion: 'k0s.k0sproject.io/v1beta1', kind: 'ClusterConfig', metadata: { name: 'k0s' }, spec };
  await put(host, '/etc/k0s/k0s.yaml', JSON.stringify(config));
}

async function token(controller: LabHost, host: LabHost, role: string): Promise<void> {
  const { stdout } = await controller.exec(['k0s', 'token', 'create', '--role', role, '--expiry', '30m']);
  await put(host, TOKEN, stdout);
}

async function ready(controller: LabHost, node: LabHost, version: string): Promise<void> {
  const wanted = new RegExp(`^${node.name} +Ready .*${version.replaceAll(/[.+]/g, '\\$&')}$`, 'm');
  await until(controller, 'k0s kubectl get nodes --no-headers', wanted);
}

async function members(controller: LabHost): Promise<readonly string[]> {
  const { stdout } = await controller.exec(['k0s', 'etcd', 'member-list']);
  const answer: unknown = JSON.parse(stdout);
  assert.ok(typeof answer === 'object' && answer !== null && 'members' in answer);
  assert.ok(typeof answer.members === 'object' && answer.members !== null);
  return Object.keys(answer.members).toSorted();
}
