import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldOf } from './world.ts';

test('a master counts as one only when the nodes were told of it: a run that breaks off before tells them', async () => {
  await using world = await worldOf(2);
  await world.runtime.joinMasters(world.hosts.slice(1));
  const joined = world.log.indexOf('10.0.0.3 kubeadm join');
  const told = world.log.indexOf('10.0.0.9 told', joined);
  assert.ok(joined >= 0 && told > joined, world.log.join());
  assert.ok(world.log.indexOf('10.0.0.3 is member') > told, world.log.join());
});

test('a master that was installed anew joins without what the cluster remembers of the old one', async () => {
  await using world = await worldOf(3);
  world.etcd.set('10.0.0.3', '77');
  world.nodes.set('10.0.0.3', 'master');
  await world.runtime.joinMasters(world.hosts.slice(1, 2));
  const order = ['kubectl delete node-10.0.0.3', 'etcd removes 77', '10.0.0.3 kubeadm join'];
  assert.deepEqual(
    world.log.filter((line) => order.includes(line)),
    order,
  );
});

test('a node that cannot be told of a new master stops the run, and the master is looked at again', async () => {
  await using world = await worldOf(2);
  const [, joining] = world.hosts;
  assert.ok(joining);
  world.isNodeDown = true;
  await assert.rejects(world.runtime.joinMasters([joining]), { code: 'HOST_UNREACHABLE', message: /was not told/ });
  assert.ok(!world.log.includes('10.0.0.3 is member'));
});
