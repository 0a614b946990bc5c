import assert from 'node:assert/strict';
import { test } from 'node:test';
import { observe } from '../../../../src/cluster/plan/observe.ts';
import type { HostState } from '../../../../src/runtime/runtime.ts';
import { fakeHost } from '../../runtime/services/fake-host.ts';
import { current, desired, member } from './situations.ts';

const wanted = desired({ masters: ['10.0.0.2'] });
const { record } = member(wanted, '10.0.0.2', 'master');
const host = { ...fakeHost('systemd'), readText: async () => JSON.stringify(record) };

/** What is believed of a host that notes all of it, and is in this state. */
async function recordOf(state: HostState, leftovers: readonly string[] = []) {
  const runtime = {
    observe: async () => state,
    getClusterMetadata: () => Promise.reject(new Error('nobody is there to be asked')),
  };
  const { saved } = current({ saved: { ...wanted, registryHosts: [] }, hosts: {} });
  assert.ok(saved);
  const seen = await observe(runtime, [host], { home: '/h', saved: { ...saved, leftovers }, limit: 1 });
  return seen.hosts.get('10.0.0.2')?.record;
}

test('a host is what it notes of itself', async () => {
  assert.deepEqual(await recordOf({ member: 'absent', version: 'v1.20.2' }), record);
});

test('a host whose programs were removed with its membership is prepared anew when it is wanted again', async () => {
  const { prepared, mirrors, ...rest } = { ...(await recordOf({ member: 'absent' })) };
  assert.deepEqual([prepared, mirrors, rest.rootfs], [undefined, undefined, record.rootfs]);
});

test('nothing is believed of a host that a broken run left half cleaned', async () => {
  assert.deepEqual(await recordOf({ member: 'absent', version: 'v1.20.2' }, ['10.0.0.2']), {});
});
