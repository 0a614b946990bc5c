import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type PluginContext, runPlugins } from '../../../../src/cluster/plugins/index.ts';
import { context, type FakeNode, memoryHost, nodeList, on, spec } from './fixtures.ts';

const NODES: readonly FakeNode[] = [
  { name: 'a', address: '10.0.0.2', labels: { zone: 'x' } },
  {
    name: 'b',
    address: '10.0.0.3',
    labels: { zone: 'y', old: '1' },
    taints: [
      { key: 'gpu', value: 'yes', effect: 'NoSchedule' },
      { key: 'theirs', effect: 'NoExecute' },
    ],
  },
];

function api(more: Partial<Record<string, string>> = {}) {
  const asked: (readonly string[])[] = [];
  const kubectl: PluginContext['kubectl'] = async (argv) => {
    if (argv[0] !== 'get') asked.push(argv);
    const stdout = argv[1] === 'nodes' ? nodeList(NODES) : (more[argv[1] ?? ''] ?? '');
    return { code: 0, stdout, stderr: '' };
  };
  return { asked, kubectl };
}

const hosts = [
  on(memoryHost('10.0.0.2'), { roles: ['master'], isMaster0: true }),
  on(memoryHost('10.0.0.3'), { roles: ['node', 'gpu'] }),
];

test('LABEL changes only what differs, by address, role, name or label', async () => {
  const { asked, kubectl } = api();
  const data = '# disks\n10.0.0.2 disk=ssd,zone=x\ngpu kind=gpu,old-,gone-\n\nzone=y seen=yes';
  await runPlugins('post-install', context({ specs: [spec({ type: 'LABEL', data })], hosts, kubectl }));
  assert.deepEqual(asked, [
    ['label', 'node', 'a', '--overwrite', 'disk=ssd'],
    ['label', 'node', 'b', '--overwrite', 'kind=gpu', 'old-'],
    ['label', 'node', 'b', '--overwrite', 'seen=yes'],
  ]);
});

test('TAINT merges: what others set stays, and what is so already is not told again', async () => {
  const { asked, kubectl } = api();
  const data = '10.0.0.3 gpu=yes:NoSchedule,new=:NoExecute,absent-\nmaster key=v:PreferNoSchedule\nb gpu:NoSchedule-';
  await runPlugins('post-install', context({ specs: [spec({ type: 'TAINT', data })], hosts, kubectl }));
  assert.deepEqual(asked, [
    ['taint', 'node', 'b', '--overwrite', 'new:NoExecute'],
    ['taint', 'node', 'a', '--overwrite', 'key=v:PreferNoSchedule'],
    ['taint', 'node', 'b', '--overwrite', 'gpu:NoSchedule-'],
  ]);
});

test('a node that is none fails the plugin', async () => {
  const { kubectl } = api();
  const run = runPlugins(
    'post-install',
    context({ specs: [spec({ type: 'LABEL', data: '10.9.9.9 a=b' })], hosts, kubectl }),
  );
  await assert.rejects(run, { code: 'PLUGIN_FAILED', message: /"10\.9\.9\.9" is no node of it/ });
});

test('CLUSTERCHECK passes when everything runs, and says what does not when its time is over', async () => {
  const pod = (name: string, phase: string, status: string) => ({
    metadata: { name },
    status: { phase, conditions: [{ type: 'Ready', status }] },
  });
  const pods = (...items: unknown[]) => JSON.stringify({ items });
  const check = spec({ type: 'CLUSTERCHECK', data: '', timeoutMs: 300 });
  const good = api({ pods: pods(pod('dns', 'Running', 'True'), pod('job', 'Succeeded', 'False')) });
  await runPlugins('post-install', context({ specs: [check], hosts, kubectl: good.kubectl }));
  const bad = api({ pods: pods(pod('dns', 'Pending', 'False')) });
  await assert.rejects(runPlugins('post-install', context({ specs: [check], hosts, kubectl: bad.kubectl })), {
    code: 'PLUGIN_FAILED',
    message: /not ready after 0\.3 s\n {2}pod dns is Pending/,
  });
});

test('ETCD copies the snapshot to its path on master0, which v0.8 wrote into `on`', async () => {
  const master = memoryHost('10.0.0.2', () => ({ stdout: '/backup/etcd.db\n' }));
  const run = (more: object) =>
    runPlugins(
      'post-install',
      context({
        specs: [spec({ type: 'ETCD', data: '', ...more })],
        hosts: [on(master, { isMaster0: true })],
        snapshot: async () => '/var/snap.db',
      }),
    );
  const [first] = await run({ on: ['/backup/etcd.db'] });
  assert.deepEqual(first?.lastLines, ['/backup/etcd.db on 10.0.0.2']);
  await run({ data: '/other/\n' });
  assert.deepEqual(
    master.commands.map(({ argv }) => argv.slice(-2)),
    [
      ['/var/snap.db', '/backup/etcd.db'],
      ['/var/snap.db', '/other/'],
    ],
  );
});
