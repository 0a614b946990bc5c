import assert from 'node:assert/strict';
import { test } from 'node:test';
import { worldOf } from './world.ts';

test('of a master that leaves, the API forgets the static pods too: kubeadm counts those at the next upgrade', async () => {
  await using world = await worldOf(3);
  for (const address of ['10.0.0.3', '10.0.0.4']) {
    world.nodes.set(address, 'master');
    world.etcd.set(address, address.at(-1) ?? '');
  }
  const [, , host] = world.hosts;
  await world.runtime.deleteMasters([{ address: '10.0.0.4', host }]);
  assert.equal(world.etcd.has('10.0.0.4'), false);
  const asked = world.commands.filter((argv) => argv[0]?.endsWith('/kubectl')).map((argv) => argv.slice(3).join(' '));
  const deletions = asked.filter((command) => command.startsWith('delete'));
  assert.deepEqual(deletions, [
    'delete node node-10.0.0.4 --ignore-not-found',
    'delete pods -n kube-system -l tier=control-plane --field-selector spec.nodeName=node-10.0.0.4 --force --grace-period=0 --ignore-not-found',
  ]);
});
