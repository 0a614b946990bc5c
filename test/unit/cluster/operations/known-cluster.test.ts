import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openKnownCluster } from '../../../../src/cluster/operations/known-cluster.ts';
import type { ClusterWorld } from '../../../../src/cluster/world.ts';
import { clusterfileFromFlags, writeClusterfile } from '../../../../src/clusterfile/index.ts';
import type { Host } from '../../../../src/hosts/host.ts';

const remembered = clusterfileFromFlags({ image: 'shop:v1', masters: '10.0.0.2', env: ['API_TOKEN=hush'] });
const { registry } = remembered.cluster;
const withLogin = { ...registry, username: 'puller', password: 'hush' };

/** A master with the state of a cluster, and nothing else. */
function worldWith(clusterfile: string): ClusterWorld {
  const state = {
    ...{ version: 1, serial: 1, name: 'my-cluster', runtime: 'kubeadm', clusterfile, masters: ['10.0.0.2'], nodes: [] },
    image: { name: 'shop:v1', digest: `sha256:${'a'.repeat(64)}`, kubeVersion: 'v1.20.2' },
    ...{ registryHosts: [], launched: {}, apps: {}, appImages: [], sans: [], nodeSettings: {} },
  };
  const host = {
    ...{ address: '10.0.0.2', label: '10.0.0.2', [Symbol.asyncDispose]: async () => {} },
    facts: async () => ({}),
    readText: async () => JSON.stringify(state),
  } as unknown as Host;
  return { open: async () => host, parallel: 4, signal: new AbortController().signal } as unknown as ClusterWorld;
}

const target = {
  hosts: remembered.cluster.hosts,
  ...{ name: 'my-cluster', dataRoot: '/var/lib/sealer', ssh: {} },
};

test('a cluster is looked at without the secrets that it does not remember', async () => {
  await using known = await openKnownCluster(target, worldWith(writeClusterfile(remembered)));
  assert.equal(known.saved.name, 'my-cluster');
});

test('a change without a secret is refused, and names the variable; with it, it has it', async () => {
  const world = worldWith(writeClusterfile(remembered));
  await assert.rejects(
    openKnownCluster({ ...target, secretsFrom: {} }, world),
    (error: Error & { problems?: unknown }) => JSON.stringify([error.message, error.problems]).includes('API_TOKEN'),
  );
  await using known = await openKnownCluster({ ...target, secretsFrom: { API_TOKEN: 'hush' } }, world);
  assert.equal(known.clusterfile.cluster.env.API_TOKEN, 'hush');
});

test('a change never opens a registry whose password it does not know', async () => {
  const { env: _env, ...cluster } = remembered.cluster;
  const text = writeClusterfile({ ...remembered, cluster: { ...cluster, env: {}, registry: withLogin } });
  assert.doesNotMatch(text, /hush/);
  await assert.rejects(openKnownCluster({ ...target, secretsFrom: {} }, worldWith(text)), { code: 'ENV_MISSING' });
  const env = { SEALER_REGISTRY_PASSWORD: 'hush' };
  await using known = await openKnownCluster({ ...target, secretsFrom: env }, worldWith(text));
  assert.equal(known.clusterfile.cluster.registry.password, 'hush');
});
