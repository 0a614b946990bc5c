import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from '../../../../src/cluster/plan/make-plan.ts';
import type { Desired } from '../../../../src/cluster/plan/situation.ts';
import { at, current, desired, member } from './situations.ts';

const ids = (...args: Parameters<typeof makePlan>) => makePlan(...args).steps.map(({ id }) => id);

test('bare hosts get everything, the first master first', () => {
  const wanted = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'] });
  assert.deepEqual(ids(wanted, current({ hosts: { '10.0.0.2': at('absent'), '10.0.0.3': at('absent') } })), [
    'names',
    'distribute',
    'registry',
    'prepare',
    'init 10.0.0.2',
    'join-nodes 10.0.0.3',
    'launch shop',
    'wait',
  ]);
});

test('where everything is as it should be there is nothing to do', () => {
  const wanted = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'] });
  const there = current({
    saved: wanted,
    hosts: { '10.0.0.2': member(wanted, '10.0.0.2', 'master'), '10.0.0.3': member(wanted, '10.0.0.3', 'node') },
  });
  assert.deepEqual(ids(wanted, there), []);
});

test('settings of the runtime that the cluster was not made with are warned of: members keep theirs', () => {
  const before = desired({ masters: ['10.0.0.2'] });
  const wanted = desired({ masters: ['10.0.0.2'], settings: 'others' });
  const there = current({ saved: before, hosts: { '10.0.0.2': member(wanted, '10.0.0.2', 'master') } });
  assert.match(makePlan(wanted, there).warnings.join(), /settings of kubeadm are not those that the cluster was made/);
  assert.deepEqual(makePlan(before, there).warnings, []);
  assert.deepEqual(makePlan(wanted, current({ hosts: { '10.0.0.2': at('absent') } })).warnings, []);
});

test('hosts that came and hosts that went are one plan: additions first, then removals, one master at a time', () => {
  const before = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.9'] });
  const wanted = desired({ masters: ['10.0.0.2', '10.0.0.3', '10.0.0.4'], nodes: ['10.0.0.5'] });
  const there = current({
    saved: before,
    hosts: {
      '10.0.0.2': member(wanted, '10.0.0.2', 'master'),
      '10.0.0.9': member(before, '10.0.0.9', 'node'),
      ...Object.fromEntries(['10.0.0.3', '10.0.0.4', '10.0.0.5'].map((address) => [address, at('absent')])),
    },
  });
  const steps = ids(wanted, there);
  const order = [
    'join-master 10.0.0.3',
    'join-master 10.0.0.4',
    'join-nodes 10.0.0.5',
    'delete-nodes 10.0.0.9',
    'clean 10.0.0.9',
  ];
  assert.deepEqual(
    steps.filter((id) => order.includes(id)),
    order,
  );
  assert.ok(!steps.some((id) => id.startsWith('init')));
  assert.ok(!steps.some((id) => id.startsWith('launch')), 'apps are not launched again for a new host');
});

test('a newer Kubernetes is an upgrade of the members, who are not set up anew beneath their pods', () => {
  const before = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'] });
  const wanted = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'], kubeVersion: 'v1.20.3', digest: 'b' });
  const there = current({
    saved: before,
    hosts: { '10.0.0.2': member(before, '10.0.0.2', 'master'), '10.0.0.3': member(before, '10.0.0.3', 'node') },
  });
  const steps = ids(wanted, there);
  assert.ok(steps.includes('upgrade'));
  assert.ok(!steps.some((id) => id.startsWith('prepare')));
  assert.ok(steps.indexOf('distribute') < steps.indexOf('upgrade'), 'the images are there before');
});

test('a run that broke off while it waited waits again', () => {
  const before = desired({ masters: ['10.0.0.2'] });
  const there = current({ saved: before, hosts: { '10.0.0.2': member(before, '10.0.0.2', 'master') } });
  assert.deepEqual(ids(before, there), []);
  assert.ok(there.saved);
  const broken = { ...there, saved: { ...there.saved, unfinished: 'sealer run' } };
  assert.deepEqual(ids(before, broken), ['wait']);
  assert.deepEqual(ids({ ...before, waits: false }, broken), []);
});

test('phases of plugins that a run which broke off still owes are run by the next', () => {
  const plugin = { phases: ['pre-install', 'post-install', 'post-init-host', 'post-scaleup'] } as unknown;
  const wanted = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'], plugins: [plugin] as Desired['plugins'] });
  const there = current({ saved: wanted, hosts: { '10.0.0.2': member(wanted, '10.0.0.2', 'master') } });
  assert.ok(there.saved);
  const pending = [
    { phase: 'post-install', hosts: ['10.0.0.2'] },
    { phase: 'post-init-host', hosts: ['10.0.0.2', '10.0.0.3', '10.0.0.9'] },
  ];
  const { steps } = makePlan(wanted, { ...there, saved: { ...there.saved, unfinished: 'sealer run', pending } });
  assert.deepEqual(
    steps.filter(({ kind }) => kind === 'plugins').map(({ detail, hosts }) => [detail, hosts]),
    [
      ['post-init-host', ['10.0.0.2', '10.0.0.3']],
      ['post-install', ['10.0.0.2']],
    ],
  );
  const finished = makePlan(wanted, there).steps.filter(({ kind }) => kind === 'plugins');
  assert.deepEqual(
    finished.map(({ detail }) => detail),
    ['post-init-host', 'post-scaleup'],
  );
});

test('an older Kubernetes is refused, and so is one that skips a minor version', () => {
  const before = desired({ masters: ['10.0.0.2'], kubeVersion: 'v1.20.2' });
  const there = current({ saved: before, hosts: { '10.0.0.2': member(before, '10.0.0.2', 'master') } });
  const to = (kubeVersion: string) => makePlan(desired({ masters: ['10.0.0.2'], kubeVersion, digest: 'b' }), there);
  assert.throws(() => to('v1.20.1'), { code: 'DOWNGRADE' });
  assert.throws(() => to('v1.22.0'), { code: 'UPGRADE_SKIPS_MINOR' });
});

test('a master whose loss would break the quorum is not removed', () => {
  const before = desired({ masters: ['10.0.0.2', '10.0.0.3', '10.0.0.4'] });
  const wanted = desired({ masters: ['10.0.0.2', '10.0.0.3'] });
  const hosts = {
    '10.0.0.2': member(wanted, '10.0.0.2', 'master'),
    '10.0.0.3': at('broken'),
    '10.0.0.4': member(before, '10.0.0.4', 'master'),
  };
  assert.throws(() => makePlan(wanted, current({ saved: before, hosts })), { code: 'QUORUM_AT_RISK' });
});

test('the removal of one of two masters that broke off when etcd was without it is gone on with', () => {
  const before = desired({ masters: ['10.0.0.2', '10.0.0.3'] });
  const wanted = desired({ masters: ['10.0.0.2'] });
  const there = (etcdMembers: readonly string[]) =>
    current({
      ...{ saved: before, etcdMembers },
      hosts: { '10.0.0.2': member(wanted, '10.0.0.2', 'master'), '10.0.0.3': at('broken') },
    });
  assert.deepEqual(ids(wanted, there(['node-10.0.0.2'])), ['delete-master 10.0.0.3', 'clean 10.0.0.3', 'wait']);
  assert.throws(() => makePlan(wanted, there(['10.0.0.2', '10.0.0.3'])), { code: 'QUORUM_AT_RISK' });
});

test('a host that left and was not cleaned when the run broke off is cleaned by the next, unless it is wanted again', () => {
  const wanted = desired({ masters: ['10.0.0.2'] });
  const there = current({ saved: wanted, hosts: { '10.0.0.2': member(wanted, '10.0.0.2', 'master') } });
  assert.ok(there.saved);
  const owing = { ...there, saved: { ...there.saved, leftovers: ['10.0.0.2', '10.0.0.3'] } };
  assert.deepEqual(ids(wanted, owing), ['clean 10.0.0.3', 'wait']);
});

test('the last master is not removed', () => {
  const before = desired({ masters: ['10.0.0.2'] });
  const wanted = desired({ masters: [], nodes: [] });
  const hosts = { '10.0.0.2': member(before, '10.0.0.2', 'master') };
  assert.throws(() => makePlan(wanted, current({ saved: before, hosts })), { code: 'LAST_MASTER' });
});

test('members of a cluster that we know nothing of are left alone', () => {
  const wanted = desired({ masters: ['10.0.0.2'] });
  assert.throws(() => makePlan(wanted, current({ hosts: { '10.0.0.2': at('master') } })), { code: 'CLUSTER_EXISTS' });
});

test('no second cluster is made of nodes whose masters are all wanted no more', () => {
  const before = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'] });
  const wanted = desired({ masters: ['10.0.0.4'], nodes: ['10.0.0.3'] });
  const hosts = { '10.0.0.3': member(before, '10.0.0.3', 'node'), '10.0.0.4': at('absent') };
  assert.throws(() => makePlan(wanted, current({ hosts })), {
    code: 'CLUSTER_EXISTS',
    hint: /keep one of its masters/,
  });
});

test('a node does not become a master while it is a member', () => {
  const before = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'] });
  const wanted = desired({ masters: ['10.0.0.2', '10.0.0.3'] });
  const hosts = { '10.0.0.2': member(wanted, '10.0.0.2', 'master'), '10.0.0.3': member(before, '10.0.0.3', 'node') };
  assert.throws(() => makePlan(wanted, current({ saved: before, hosts })), { code: 'HOST_UNFIT' });
});

test('a run that broke off while a host joined goes on with that host alone', () => {
  const wanted = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3', '10.0.0.4'] });
  const { record } = member(wanted, '10.0.0.4', 'node');
  const there = current({
    saved: wanted,
    hosts: {
      '10.0.0.2': member(wanted, '10.0.0.2', 'master'),
      '10.0.0.3': member(wanted, '10.0.0.3', 'node'),
      '10.0.0.4': { record, state: { member: 'broken', reason: 'kubelet does not run' } },
    },
  });
  assert.deepEqual(ids(wanted, there), ['join-nodes 10.0.0.4', 'wait']);
});

test('plugins stand where their phase is: before the first join, after the last', () => {
  const plugin = (phase: 'pre-init-host' | 'post-install') => ({
    ...{ name: phase, type: 'SHELL', phases: [phase], on: [], data: 'true', env: {}, timeoutMs: 1000 },
    at: { file: 'Clusterfile', line: 1 },
  });
  const wanted = desired({ masters: ['10.0.0.2'], plugins: [plugin('pre-init-host'), plugin('post-install')] });
  const steps = ids(wanted, current({ hosts: { '10.0.0.2': at('absent') } }));
  const order = [
    'distribute 10.0.0.2',
    'plugins pre-init-host',
    'prepare 10.0.0.2',
    'init 10.0.0.2',
    'plugins post-install',
    'launch shop',
  ];
  assert.deepEqual(
    steps.filter((id) => order.includes(id)),
    order,
  );
});

test('a label and a taint that differ are one step, and what others have set stays', () => {
  const wanted = desired({ masters: ['10.0.0.2'], labels: { disk: 'ssd' }, taints: ['gpu=yes:NoSchedule'] });
  const there = current({
    saved: desired({ masters: ['10.0.0.2'] }),
    hosts: { '10.0.0.2': member(wanted, '10.0.0.2', 'master') },
    labels: { 'somebody/else': 'x' },
  });
  assert.deepEqual(ids(wanted, there), ['node-settings', 'wait']);
});

test('plugins of a rollback run when one goes back to an earlier image, and only if anything differs', () => {
  const plugins = [{ phases: ['rollback'] }] as unknown as Desired['plugins'];
  const newer = desired({ masters: ['10.0.0.2'], digest: 'b', plugins });
  const older = desired({ masters: ['10.0.0.2'], digest: 'a', plugins, isRollback: true });
  const there = current({ saved: newer, hosts: { '10.0.0.2': member(newer, '10.0.0.2', 'master') } });
  const steps = ids(older, there);
  assert.ok(steps.indexOf('plugins rollback') > steps.indexOf('distribute 10.0.0.2'), steps.join());
  assert.ok(!ids({ ...older, isRollback: false }, there).includes('plugins rollback'));
  assert.deepEqual(ids({ ...newer, isRollback: true }, there), []);
});
