/** What another run did between our look at a cluster and our lock. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changeCluster } from '../../../../src/cluster/operations/change-cluster.ts';
import { checkStillLatest } from '../../../../src/cluster/operations/still-latest.ts';
import type { ClusterWorld } from '../../../../src/cluster/world.ts';
import type { Command, Host } from '../../../../src/hosts/host.ts';
import { fakeHost } from '../../runtime/services/fake-host.ts';
import { current, desired } from '../plan/situations.ts';

const wanted = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'] });
const { saved } = current({ saved: wanted, hosts: {} });
assert.ok(saved);

/** Holds locks, and says nothing else. */
async function exec({ argv, stdin, onLine }: Command) {
  if (argv[2]?.includes('echo locked') === true) {
    onLine?.('locked', 'stdout');
    if (typeof stdin === 'object' && !(stdin instanceof Uint8Array)) for await (const _ of stdin);
  }
  return { code: 0, stdout: '', stderr: '' };
}

test('a change that waited for another run is worked out anew: it knows of a node that came meanwhile', async () => {
  let reads = 0;
  const readText = async (path: string) => {
    if (!path.endsWith('/state.json')) return undefined;
    reads++;
    return JSON.stringify(reads === 1 ? saved : { ...saved, serial: 2, nodes: ['10.0.0.3', '10.0.0.9'] });
  };
  const open = async ({ address }: { readonly address: string }): Promise<Host> => ({
    ...fakeHost('systemd'),
    ...{ address, label: address, exec, readText },
  });
  const world = {
    ...{ open, parallel: 4, signal: new AbortController().signal, report: () => {}, now: () => 0 },
    ...{ by: 'me', command: 'apply', store: {}, client: {} },
  } as unknown as ClusterWorld;
  const asked = new Error('asked');
  let leaving: readonly string[] = [];
  const request = {
    ...{ clusterfile: wanted.clusterfile, dryRun: false, waits: false, timeoutMs: 1000, checks: false },
    image: async () => wanted.image,
    lock: { waitMs: 0, force: false },
    confirm: async ({
      steps,
    }: {
      readonly steps: readonly { readonly kind: string; readonly hosts: readonly string[] }[];
    }) => {
      leaving = steps.find(({ kind }) => kind === 'delete-nodes')?.hosts ?? [];
      throw asked;
    },
  };
  await assert.rejects(changeCluster(request, world), asked);
  assert.deepEqual(leaving, ['10.0.0.9']);
});

test('a state that is older than the cluster is not worked with', async () => {
  const host = (serial: number) => ({
    ...fakeHost('systemd'),
    readText: async () => JSON.stringify({ ...saved, serial }),
  });
  const known = { saved: { ...saved, serial: 7 }, home: '/h' };
  await checkStillLatest(known, [host(7), host(6)]);
  await assert.rejects(checkStillLatest(known, [host(7), host(8)]), {
    code: 'CLUSTER_LOCKED',
    hint: /Nothing was done/,
  });
});
