import assert from 'node:assert/strict';
import { test } from 'node:test';
import { load } from 'js-yaml';
import { SealerError } from '../../../../src/error.ts';
import { mapOf } from '../../../../src/kubernetes/fields.ts';
import { createK0s } from '../../../../src/runtime/k0s/create-k0s.ts';
import type { RuntimeContext } from '../../../../src/runtime/runtime.ts';
import { contextOf, image } from './context.ts';
import { type FakeHost, HOME, World } from './world.ts';

const LIMITS = { controllerMs: 60_000, nodeMs: 60_000, leaveMs: 300, drainMs: 1000 };
const driver = (context: RuntimeContext) => createK0s(context, LIMITS);
const departing = (host: FakeHost) => ({ address: host.address, host: host.isDown ? undefined : host });

/** A cluster of so many masters and nodes. */
async function running(masters: number, nodes: number, more: object = {}) {
  const world = await World.of(masters + nodes);
  const context = contextOf(world, masters, undefined, more);
  const runtime = driver(context);
  await runtime.prepare(world.hosts);
  await runtime.init();
  await runtime.joinMasters(context.masters.slice(1));
  await runtime.joinNodes(context.nodes);
  return { world, context, runtime };
}

const apiOf = (host: FakeHost) => mapOf(mapOf(mapOf(load(host.files.get('/etc/k0s/k0s.yaml') ?? '')).spec).api);

test('a cluster comes up: masters one by one, each with its own address, all with one list of names', async () => {
  const { world, runtime } = await running(3, 2);
  assert.deepEqual([...world.etcd], ['10.0.0.2', '10.0.0.3', '10.0.0.4']);
  assert.equal(world.nodes.size, 5);
  const [first, second] = [apiOf(world.host(0)), apiOf(world.host(1))];
  assert.deepEqual([first.address, second.address], ['10.0.0.2', '10.0.0.3']);
  assert.deepEqual(first.sans, ['10.0.0.2', '10.0.0.3', '10.0.0.4']);
  assert.deepEqual(second.sans, first.sans);
  const told = (verb: string) => world.log.filter((line) => line.includes(verb)).map((line) => line.split(':')[0]);
  assert.deepEqual(told('k0s install'), ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  const { nodes, etcdMembers, version, sans } = await runtime.getClusterMetadata();
  assert.deepEqual(
    nodes.map(({ role }) => role),
    ['master', 'master', 'master', 'node', 'node'],
  );
  assert.equal(etcdMembers.length, 3);
  assert.equal(version, 'v1.33.4+k0s.0');
  assert.deepEqual(sans['10.0.0.3'], ['localhost', '10.0.0.2', '10.0.0.3', '10.0.0.4']);
});

test('tokens are invalid and overwritten when they were used', async () => {
  const { world } = await running(2, 1);
  assert.equal(world.tokens.size, 0);
  for (const host of world.hosts.slice(1)) {
    assert.match(host.files.get(`${HOME}/k0s/join-token`) ?? '', /^# The join token was used/);
  }
  assert.ok(![...world.host(0).files.keys()].some((path) => path.endsWith('new-token')));
});

test('a second run tells no host anything', async () => {
  const { world, context, runtime } = await running(3, 2);
  world.log.length = 0;
  await runtime.prepare(world.hosts);
  await runtime.init();
  await runtime.joinMasters(context.masters.slice(1));
  await runtime.joinNodes(context.nodes);
  await runtime.mirror(world.hosts);
  assert.deepEqual(world.log, []);
});

test('a join that broke off is gone on with: the service of the first try gets a new token', async () => {
  const { world, context, runtime } = await running(1, 1);
  const node = world.host(1);
  node.isRunning = false;
  world.nodes.delete(node.name);
  await runtime.joinNodes(context.nodes);
  assert.equal(world.nodes.get(node.name)?.ready, true);
});

test('a host that does not reach the masters is told so before anything is installed on it', async () => {
  const { world, context, runtime } = await running(1, 0);
  const more = await World.of(2);
  const stranger = more.host(1);
  stranger.forward = () => Promise.reject(new SealerError('HOST_UNREACHABLE', 'no route'));
  await assert.rejects(runtime.joinNodes([stranger]), {
    code: 'HOST_UNFIT',
    message: /does not reach 10\.0\.0\.2:6443/,
  });
  assert.equal(stranger.unit, undefined);
  assert.equal(world.tokens.size, 0);
  assert.ok(context.masters.length === 1);
});

test('a host that shows another certificate than the cluster is not joined to', async () => {
  const { runtime } = await running(1, 0);
  const other = await World.of(1);
  const context = contextOf(other, 1);
  await driver(context).prepare(other.hosts);
  await driver(context).init();
  const stranger = (await World.of(2)).host(1);
  stranger.forward = (address, port) => other.host(0).forward(address, port);
  await assert.rejects(runtime.joinNodes([stranger]), { code: 'HOST_UNFIT', message: /signature|issuer|verify/ });
});

test('a master leaves etcd from a survivor while it still runs, and only then stops', async () => {
  const { world, runtime } = await running(3, 0);
  world.log.length = 0;
  await runtime.deleteMasters([departing(world.host(1))]);
  assert.deepEqual(world.log, [
    '10.0.0.2: kubectl cordon host-3',
    '10.0.0.2: kubectl drain host-3 --ignore-daemonsets --delete-emptydir-data --force --timeout=1s',
    '10.0.0.2: kubectl patch etcdmember host-3 --type merge -p {"spec":{"leave":true}}',
    '10.0.0.3: stop k0scontroller',
    '10.0.0.2: kubectl delete node host-3 --ignore-not-found',
    '10.0.0.2: kubectl delete etcdmember.etcd.k0sproject.io host-3 --ignore-not-found --wait=false',
    '10.0.0.2: kubectl delete controlnode.autopilot.k0sproject.io host-3 --ignore-not-found --wait=false',
    '10.0.0.3: k0s reset',
    '10.0.0.3: clean',
  ]);
  assert.deepEqual([...world.etcd], ['10.0.0.2', '10.0.0.4']);
  assert.deepEqual([...world.host(1).footprint], []);
});

test('a master that does not leave by itself, or is older than 1.30, is removed by its address', async () => {
  const slow = await running(3, 0);
  slow.world.obeysLeave = false;
  await slow.runtime.deleteMasters([departing(slow.world.host(2))]);
  assert.ok(slow.world.log.includes('10.0.0.2: k0s etcd leave --peer-address 10.0.0.4'));
  assert.equal(slow.world.etcd.size, 2);
  const world = await World.of(3);
  const context = { ...contextOf(world, 3), image: image('v1.34.1+k0s.0') };
  for (const host of world.hosts) host.files.set(`${HOME}/rootfs/v1.29.1+k0s.0/bin/k0s`, 'x');
  const old = driver({ ...context, image: image('v1.29.1+k0s.0') });
  await old.prepare(world.hosts);
  await old.init();
  await old.joinMasters(context.masters.slice(1));
  await old.deleteMasters([departing(world.host(2))]);
  assert.ok(!world.log.some((line) => line.includes('patch etcdmember')));
  assert.equal(world.etcd.size, 2);
});

test('a master that is gone is taken out of etcd by a survivor at once', async () => {
  const { world, runtime } = await running(3, 0);
  world.host(2).isDown = true;
  world.log.length = 0;
  await runtime.deleteMasters([departing(world.host(2))]);
  assert.deepEqual([...world.etcd], ['10.0.0.2', '10.0.0.3']);
  assert.deepEqual(world.log.slice(0, 2), [
    '10.0.0.2: k0s etcd leave --peer-address 10.0.0.4',
    '10.0.0.2: kubectl delete node host-4 --ignore-not-found',
  ]);
});

test('quorum is kept, and the last master stays', async () => {
  const { world, runtime } = await running(3, 0);
  world.host(1).isDown = true;
  await assert.rejects(runtime.deleteMasters([departing(world.host(2))]), { code: 'QUORUM_AT_RISK' });
  assert.equal(world.etcd.size, 3);
  const single = await running(1, 1);
  await assert.rejects(single.runtime.deleteMasters([departing(single.world.host(0))]), { code: 'LAST_MASTER' });
});

test('a node is drained, stopped, deleted and cleaned, in this order', async () => {
  const { world, runtime } = await running(1, 2);
  world.log.length = 0;
  await runtime.deleteNodes([departing(world.host(2))]);
  assert.deepEqual(world.log, [
    '10.0.0.2: kubectl cordon host-4',
    '10.0.0.2: kubectl drain host-4 --ignore-daemonsets --delete-emptydir-data --force --timeout=1s',
    '10.0.0.4: stop k0sworker',
    '10.0.0.2: kubectl delete node host-4 --ignore-not-found',
    '10.0.0.4: k0s reset',
    '10.0.0.4: clean',
  ]);
});

test('an upgrade: a backup, masters one by one, then workers, which are drained and take work again', async () => {
  const { world, runtime } = await running(2, 1);
  world.log.length = 0;
  await runtime.upgrade(image('v1.34.1+k0s.0'));
  assert.ok(world.hosts.every(({ running }) => running === 'v1.34.1+k0s.0'));
  const order = world.log.filter((line) => /backup|: stop|: start|drain|cordon /.test(line));
  assert.deepEqual(order, [
    `10.0.0.2: k0s backup --save-path ${HOME}/k0s/backups/abc`,
    '10.0.0.2: stop k0scontroller',
    '10.0.0.2: start k0scontroller.service',
    '10.0.0.3: stop k0scontroller',
    '10.0.0.3: start k0scontroller.service',
    '10.0.0.2: kubectl cordon host-4',
    '10.0.0.2: kubectl drain host-4 --ignore-daemonsets --delete-emptydir-data --force --timeout=1s',
    '10.0.0.4: stop k0sworker',
    '10.0.0.4: start k0sworker.service',
    '10.0.0.2: kubectl uncordon host-4',
  ]);
  world.log.length = 0;
  await runtime.upgrade(image('v1.34.1+k0s.0'));
  assert.deepEqual(world.log, [], 'again there is nothing to do');
});

test('an upgrade that broke with a node cordoned gives it back; a cordon of the user stays', async () => {
  const { world, runtime } = await running(1, 2);
  const [broken, theirs] = [world.host(1), world.host(2)];
  broken.files.set(`${HOME}/k0s/cordoned`, '');
  for (const host of [broken, theirs]) {
    const node = world.nodes.get(host.name);
    assert.ok(node !== undefined);
    node.cordoned = true;
  }
  await runtime.upgrade(image('v1.33.5+k0s.0'));
  assert.equal(world.nodes.get(broken.name)?.cordoned, false);
  assert.equal(world.nodes.get(theirs.name)?.cordoned, true);
});

test('neither downgrades nor leaps', async () => {
  const { runtime, world } = await running(1, 0);
  await assert.rejects(runtime.upgrade(image('v1.32.9+k0s.0')), { code: 'DOWNGRADE' });
  await assert.rejects(runtime.upgrade(image('v1.35.0+k0s.0')), { code: 'UPGRADE_SKIPS_MINOR' });
  assert.equal(world.host(0).running, 'v1.33.4+k0s.0');
});

test('new names are in the certificate of every master, and stay when another is added', async () => {
  const { world, runtime, context } = await running(2, 0);
  world.log.length = 0;
  await runtime.updateCert(['api.example.com']);
  await runtime.updateCert(['fd00:0::1']);
  assert.deepEqual(
    world.log.filter((line) => line.includes('restart')),
    ['10.0.0.2', '10.0.0.3', '10.0.0.2', '10.0.0.3'].map((host) => `${host}: restart k0scontroller.service`),
  );
  const { sans } = await runtime.getClusterMetadata();
  for (const host of context.masters) {
    assert.ok(sans[host.address]?.includes('api.example.com') && sans[host.address]?.includes('fd00::1'));
  }
  world.log.length = 0;
  await runtime.updateCert(['api.example.com', 'fd00::1']);
  assert.deepEqual(
    world.log.filter((line) => line.includes('restart')),
    [],
  );
});

test('a reset leaves nothing of ours: nodes first, the first master last', async () => {
  const { world, runtime } = await running(2, 1);
  world.log.length = 0;
  await runtime.reset(world.hosts.map(departing));
  const order = world.log.filter((line) => line.endsWith('clean')).map((line) => line.split(':')[0]);
  assert.deepEqual(order, ['10.0.0.4', '10.0.0.3', '10.0.0.2']);
  for (const host of world.hosts) {
    assert.deepEqual([...host.footprint], []);
    assert.deepEqual(await runtime.observe(host), { member: 'absent', version: undefined, reason: undefined });
  }
});

test('a host is observed as what it is', async () => {
  const { world, runtime } = await running(1, 1);
  const [master, node] = [world.host(0), world.host(1)];
  assert.equal((await runtime.observe(master)).member, 'master');
  assert.equal((await runtime.observe(node)).member, 'node');
  node.isRunning = false;
  const broken = await runtime.observe(node);
  assert.equal(broken.member, 'broken');
  assert.match(broken.reason ?? '', /k0sworker is installed, but k0s does not answer: k0s is not running/);
});

test('kubectl goes to another master when one is down; the kubeconfig has the address of one that lives', async () => {
  const { world, runtime } = await running(3, 0);
  world.host(0).isDown = true;
  assert.equal((await runtime.kubectl(['get', '--raw=/readyz'])).stdout, 'ok');
  const config = mapOf(load(await runtime.kubeconfig()));
  assert.match(JSON.stringify(config.clusters), /"server":"https:\/\/10\.0\.0\.3:6443"/);
  for (const host of world.hosts) host.isDown = true;
  await assert.rejects(runtime.kubectl(['get', 'nodes']), { code: 'CLUSTER_UNREACHABLE' });
  assert.notEqual((await runtime.kubectl(['get', 'nodes'], { allowFailure: true })).code, 0);
});
