import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silent } from '../../../src/progress.ts';
import { ensureContainerHosts, type HostCounts } from '../../../src/provider/container/ensure.ts';
import { findContainerHosts, removeContainerHosts } from '../../../src/provider/index.ts';
import { type FakeEngine, fakeEngine } from './fake-engine.ts';

const NAME = 'shop';

/** Does not wait for machines: in memory there are none. */
async function ensure({ engine }: FakeEngine, counts: HostCounts) {
  const { signal } = new AbortController();
  const options = { cluster: NAME, image: 'host:v1', env: {}, report: silent, now: Date.now, signal };
  return await ensureContainerHosts(engine, counts, { ...options, awaitUp: async () => {} });
}

const names = (members: readonly { readonly name: string }[]) => members.map(({ name }) => name);

test('one master is made where nobody says how many; a second time nothing is', async () => {
  await using fake = await fakeEngine();
  const first = await ensure(fake, {});
  assert.deepEqual(names(first.made), ['shop-master-1']);
  assert.deepEqual([...fake.volumes], ['sealer-shop-master-1']);
  const second = await ensure(fake, {});
  assert.deepEqual(names(second.made), []);
  assert.deepEqual(names(second.wanted), ['shop-master-1']);
  assert.equal(fake.calls.filter((call) => call.endsWith('/start')).length, 1);
});

test('more are made beside those that are there, with addresses of their own; what is too many is told, and stays', async () => {
  await using fake = await fakeEngine();
  await ensure(fake, { masters: 1, nodes: 1 });
  const grown = await ensure(fake, { masters: 3, nodes: 2 });
  assert.deepEqual(names(grown.made), ['shop-master-2', 'shop-master-3', 'shop-node-2']);
  assert.equal(new Set(grown.wanted.map(({ address }) => address)).size, 5);
  const shrunk = await ensure(fake, { masters: 1, nodes: 1 });
  assert.deepEqual(names(shrunk.surplus), ['shop-master-2', 'shop-master-3', 'shop-node-2']);
  assert.equal(fake.containers.size, 5);
});

test('a container that was stopped, or made and never started, is started', async () => {
  await using fake = await fakeEngine();
  await ensure(fake, { nodes: 1 });
  for (const container of fake.containers.values()) container.isRunning = false;
  await ensure(fake, {});
  assert.ok([...fake.containers.values()].every(({ isRunning }) => isRunning));
});

test('the network’s subnet is written down in it, so that addresses can be chosen', async () => {
  await using fake = await fakeEngine();
  await ensure(fake, {});
  assert.deepEqual(fake.networks.get('sealer-shop'), {
    IPAM: { Config: [{ Subnet: '10.99.0.0/24', Gateway: '10.99.0.1' }] },
  });
  assert.equal(fake.calls.filter((call) => call === 'POST /networks/create').length, 2);
});

test('removing leaves no container, disk or network; some hosts alone leave the others', async () => {
  await using fake = await fakeEngine();
  const { wanted } = await ensure(fake, { nodes: 2 });
  await removeContainerHosts(fake.engine, NAME, wanted.slice(2));
  assert.deepEqual(names(await findContainerHosts(fake.engine, NAME)), ['shop-master-1', 'shop-node-1']);
  assert.equal(fake.networks.size, 1);
  await removeContainerHosts(fake.engine, NAME);
  await removeContainerHosts(fake.engine, NAME);
  assert.deepEqual([fake.containers.size, fake.volumes.size, fake.networks.size], [0, 0, 0]);
});

test('a cluster without a master is refused', async () => {
  await using fake = await fakeEngine();
  await assert.rejects(ensure(fake, { masters: 0 }), { code: 'USAGE' });
});
