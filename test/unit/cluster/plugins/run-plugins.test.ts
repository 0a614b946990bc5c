import assert from 'node:assert/strict';
import { test } from 'node:test';
import { orderPlugins, type PluginContext, runPlugins } from '../../../../src/cluster/plugins/index.ts';
import { SealerError } from '../../../../src/error.ts';
import type { Host } from '../../../../src/hosts/host.ts';
import { context, memoryHost, nodeList, on, spec } from './fixtures.ts';

const three = () => {
  const hosts = ['10.0.0.2', '10.0.0.3', '10.0.0.4'].map((address) => memoryHost(address));
  const [master, node, other] = hosts;
  assert.ok(master !== undefined && node !== undefined && other !== undefined);
  return {
    master,
    node,
    other,
    hosts: [
      on(master, { roles: ['master'], isMaster0: true, env: { A: 'host', B: 'host' } }),
      on(node, { labels: { disk: 'ssd' } }),
      on(other),
    ],
  };
};

const ran = ({ commands }: ReturnType<typeof memoryHost>) =>
  commands.filter(({ argv }) => argv[3]?.startsWith('sealer-plugin')).length;

test("a script of a cluster phase runs on master0, with the host's environment and the plugin's over it", async () => {
  const { master, node, hosts } = three();
  const script = spec({ data: 'echo $SECRET', env: { B: 'plugin', SECRET: 'hush' } });
  const runs = await runPlugins('post-install', context({ specs: [script], hosts }));
  assert.deepEqual(
    runs.map(({ plugin, host, outcome }) => [plugin, host, outcome]),
    [['one', '10.0.0.2', 'done']],
  );
  const [command] = master.commands;
  assert.deepEqual(command?.env, {
    A: 'host',
    B: 'plugin',
    SECRET: 'hush',
    SEALER_PHASE: 'post-install',
    SEALER_CLUSTER: 'shop',
  });
  assert.equal(command?.cwd, '/var/lib/sealer/shop/rootfs/abc');
  assert.equal(command?.stdin, 'echo $SECRET\n');
  assert.doesNotMatch(command?.argv.join(' ') ?? '', /hush|SECRET/);
  assert.equal(node.commands.length, 0);
});

test('a script of a host phase runs on the hosts that the phase is about, and no others', async () => {
  const { master, node, other, hosts } = three();
  const script = spec({ phases: ['pre-init-host'] });
  await runPlugins('pre-init-host', context({ specs: [script], hosts, only: ['10.0.0.3', '10.0.0.4'] }));
  assert.deepEqual([ran(master), ran(node), ran(other)], [0, 1, 1]);
});

test('a selector narrows a host phase; in a cluster phase it may name any host', async () => {
  const { master, node, other, hosts } = three();
  const narrow = spec({ phases: ['pre-init-host', 'post-install'], on: ['disk=ssd'] });
  await runPlugins('pre-init-host', context({ specs: [narrow], hosts, only: ['10.0.0.4'] }));
  assert.deepEqual([ran(master), ran(node), ran(other)], [0, 0, 0]);
  await runPlugins('post-install', context({ specs: [narrow], hosts, only: ['10.0.0.2'] }));
  assert.deepEqual([ran(master), ran(node), ran(other)], [0, 1, 0]);
});

test('once there is a cluster, a label selector is about the labels of nodes', async () => {
  const { node, other, hosts } = three();
  const kubectl: PluginContext['kubectl'] = async () => ({
    code: 0,
    stdout: nodeList([{ name: 'c', address: '10.0.0.4', labels: { disk: 'ssd' } }]),
    stderr: '',
  });
  const narrow = spec({ phases: ['upgrade'], on: ['disk=ssd'] });
  await runPlugins('upgrade', context({ specs: [narrow], hosts, kubectl }));
  assert.deepEqual([ran(node), ran(other)], [1, 1], 'the first is no node yet: its labels are the Clusterfile s');
});

test('a failure names host, phase and plugin, shows the last lines, and ends the phase', async () => {
  const host = memoryHost('10.0.0.2', () => ({ code: 3, stdout: 'one\ntwo\nno such disk\n' }));
  const specs = [spec({ name: 'disks' }), spec({ name: 'later' })];
  await assert.rejects(
    runPlugins('post-install', context({ specs, hosts: [on(host, { isMaster0: true })] })),
    (error) => {
      assert.ok(error instanceof SealerError);
      assert.equal(error.code, 'PLUGIN_FAILED');
      assert.match(error.message, /plugin disks \(SHELL\) failed in post-install on 10\.0\.0\.2: exit code 3/);
      assert.match(error.message, /no such disk$/);
      assert.deepEqual(error.at, { file: 'Clusterfile', line: 7 });
      return true;
    },
  );
  assert.equal(host.commands.length, 1);
});

test('a plugin that takes too long is a failure of the plugin; a host that is gone is not', async () => {
  const failing = (code: 'HOST_TIMEOUT' | 'HOST_UNREACHABLE'): Host => ({
    ...memoryHost('10.0.0.2'),
    exec: () => Promise.reject(new SealerError(code, 'as told')),
  });
  const run = (host: Host) =>
    runPlugins('post-install', context({ specs: [spec()], hosts: [on(host, { isMaster0: true })] }));
  await assert.rejects(run(failing('HOST_TIMEOUT')), { code: 'PLUGIN_FAILED', message: /took longer than 60 s/ });
  await assert.rejects(run(failing('HOST_UNREACHABLE')), { code: 'HOST_UNREACHABLE' });
});

test('what cleans up is skipped where the rootfs is gone', async () => {
  const host = memoryHost('10.0.0.3', ({ argv }) => ({ code: argv[0] === 'test' ? 1 : 0 }));
  const runs = await runPlugins(
    'post-clean-host',
    context({ specs: [spec({ phases: ['post-clean-host'] })], hosts: [on(host)] }),
  );
  assert.deepEqual(
    runs.map(({ outcome }) => outcome),
    ['skipped'],
  );
  assert.equal(host.commands.length, 1);
});

test('an executable of the image is told everything by JSON on its stdin', async () => {
  const { master, hosts } = three();
  const own = spec({ type: 'warm-up', data: 'x', on: ['master0'], env: { C: 'c' } });
  await runPlugins('post-install', context({ specs: [own], hosts }));
  const command = master.commands.at(-1);
  assert.deepEqual(command?.argv, ['/var/lib/sealer/shop/rootfs/abc/plugins/warm-up']);
  const input = JSON.parse(String(command?.stdin));
  assert.deepEqual(
    [input.phase, input.plugin, input.cluster, input.data, input.host],
    ['post-install', 'one', 'shop', 'x', '10.0.0.2'],
  );
  assert.deepEqual(input.env, { A: 'host', B: 'host', C: 'c' });
  assert.deepEqual(input.hosts[1], { address: '10.0.0.3', roles: ['node'], labels: { disk: 'ssd' }, isMaster0: false });
});

test("the image's plugins run before the Clusterfile's, each by name", () => {
  const named = (name: string) => spec({ name });
  const order = orderPlugins([named('b'), named('a')], [named('d'), named('A')]);
  assert.deepEqual(
    order.map(({ name }) => name),
    ['a', 'b', 'A', 'd'],
  );
});
