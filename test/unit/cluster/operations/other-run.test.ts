/** What another run did to a cluster while this one looked at it, waited for it, or changed it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ChangeRequest, changeCluster } from '../../../../src/cluster/operations/change-cluster.ts';
import { checkStillLatest } from '../../../../src/cluster/operations/still-latest.ts';
import type { ClusterWorld } from '../../../../src/cluster/world.ts';
import type { Command, Host, Output } from '../../../../src/hosts/host.ts';
import { fakeHost } from '../../runtime/services/fake-host.ts';
import { current, desired } from '../plan/situations.ts';

const wanted = desired({ masters: ['10.0.0.2'], nodes: ['10.0.0.3'] });
const { saved } = current({ saved: wanted, hosts: {} });
assert.ok(saved);
const SAID_NOTHING: Output = { code: 0, stdout: '', stderr: '' };

/** Hosts that hold a lock until its input ends, or until it is taken away. */
function worldOf(
  readText: (path: string) => Promise<string | undefined>,
  exec: (command: Command) => Promise<Output> = async () => SAID_NOTHING,
  takenAway: Promise<unknown> = new Promise(() => {}),
): ClusterWorld {
  const locking = async (command: Command): Promise<Output> => {
    const { argv, stdin, onLine } = command;
    if (argv[2]?.includes('echo locked') !== true) return await exec(command);
    onLine?.('locked', 'stdout');
    assert.ok(typeof stdin === 'object' && !(stdin instanceof Uint8Array));
    stdin.resume();
    await Promise.race([once(stdin, 'end'), takenAway]);
    return SAID_NOTHING;
  };
  const open = async ({ address }: { readonly address: string }): Promise<Host> => ({
    ...fakeHost('systemd'),
    ...{ address, label: address, exec: locking, readText },
  });
  return {
    ...{ open, parallel: 4, signal: new AbortController().signal, report: () => {}, now: () => 0 },
    ...{ by: 'me', command: 'apply', store: {}, client: {} },
  } as unknown as ClusterWorld;
}

const request: ChangeRequest = {
  ...{ clusterfile: wanted.clusterfile, dryRun: false, waits: false, timeoutMs: 1000, checks: false },
  image: async () => wanted.image,
  lock: { waitMs: 0, force: false },
  confirm: async () => {},
};

test('a change that waited for another run is worked out anew: it knows of a node that came meanwhile', async () => {
  let reads = 0;
  const world = worldOf(async (path) => {
    if (!path.endsWith('/state.json')) return undefined;
    reads++;
    return JSON.stringify(reads === 1 ? saved : { ...saved, serial: 2, nodes: ['10.0.0.3', '10.0.0.9'] });
  });
  const asked = new Error('asked');
  let leaving: readonly string[] = [];
  const confirm: ChangeRequest['confirm'] = async ({ steps }) => {
    leaving = steps.find(({ kind }) => kind === 'delete-nodes')?.hosts ?? [];
    throw asked;
  };
  await assert.rejects(changeCluster({ ...request, confirm }, world), asked);
  assert.deepEqual(leaving, ['10.0.0.9']);
});

test('a run whose lock was taken away stops what it is doing on hosts, not only before its next step', async () => {
  const taken = Promise.withResolvers<void>();
  const readText = async (path: string) => (path.endsWith('/state.json') ? JSON.stringify(saved) : undefined);
  const world = worldOf(
    readText,
    async ({ argv, signal }) => {
      if (!argv.some((word) => word.includes('/kubelet'))) return SAID_NOTHING;
      taken.resolve();
      const isStopped = await Promise.race([
        once(signal ?? assert.fail(), 'abort').then(() => true),
        sleep(5000, false, { ref: false }),
      ]);
      assert.ok(isStopped, 'it went on');
      throw signal?.reason;
    },
    taken.promise,
  );
  await assert.rejects(changeCluster(request, world), { code: 'HOST_UNREACHABLE', message: /lock .* was lost/ });
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
