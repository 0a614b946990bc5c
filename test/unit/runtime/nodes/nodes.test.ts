import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Output } from '../../../../src/hosts/host.ts';
import { listNodes, waitForNode } from '../../../../src/runtime/nodes/index.ts';

const NODE = {
  metadata: { name: 'm1', labels: { 'node-role.kubernetes.io/master': '' } },
  spec: { unschedulable: true, taints: [{ key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' }] },
  status: {
    addresses: [
      { type: 'Hostname', address: 'm1' },
      { type: 'InternalIP', address: '10.0.0.2' },
    ],
    conditions: [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'Ready', status: 'False', reason: 'KubeletNotReady', message: 'cni plugin not initialized' },
    ],
    nodeInfo: { kubeletVersion: 'v1.20.2' },
  },
};

function answering(...outputs: readonly Partial<Output>[]): { calls: string[][]; kubectl: typeof kubectl } {
  const calls: string[][] = [];
  const left = [...outputs];
  async function kubectl(argv: readonly string[]): Promise<Output> {
    calls.push([...argv]);
    return { code: 0, stdout: '', stderr: '', ...(left.length > 1 ? left.shift() : left[0]) };
  }
  return { calls, kubectl };
}

const listOf = (...items: unknown[]): Partial<Output> => ({ stdout: JSON.stringify({ items }) });

test('a node object tells role, address, taints and whether it takes work', async () => {
  const [node] = await listNodes(answering(listOf(NODE)).kubectl);
  assert.deepEqual(node, {
    name: 'm1',
    address: '10.0.0.2',
    role: 'master',
    isReady: false,
    isSchedulable: false,
    version: 'v1.20.2',
    labels: { 'node-role.kubernetes.io/master': '' },
    taints: [{ key: 'node-role.kubernetes.io/master', value: undefined, effect: 'NoSchedule' }],
  });
});

test('nodes that are too many for one answer are asked for in pages', async () => {
  const named = (name: string) => ({ ...NODE, metadata: { name } });
  const page = (name: string, next?: string): Partial<Output> => ({
    stdout: JSON.stringify({ metadata: next === undefined ? {} : { continue: next }, items: [named(name)] }),
  });
  const cutOff = JSON.stringify({ items: [named('x'.repeat(5 << 20))] }).slice(0, 4 << 20);
  const { kubectl, calls } = answering({ stdout: cutOff }, page('b', 'to=ken'), page('a'));
  const nodes = await listNodes(kubectl);
  assert.deepEqual(
    nodes.map(({ name }) => name),
    ['a', 'b'],
  );
  assert.deepEqual(
    calls.slice(1).map((argv) => argv.at(-1)),
    ['/api/v1/nodes?limit=100', '/api/v1/nodes?limit=100&continue=to%3Dken'],
  );
});

test('waiting outlasts an API that is away, and a kubelet of the old version', async () => {
  const ready = (kubeletVersion: string) => ({
    ...NODE,
    status: { ...NODE.status, conditions: [{ type: 'Ready', status: 'True' }], nodeInfo: { kubeletVersion } },
  });
  const { kubectl, calls } = answering(
    { code: 1, stderr: 'connection refused' },
    listOf(ready('v1.20.2')),
    listOf(ready('v1.20.3')),
  );
  const node = await waitForNode(kubectl, '10.0.0.2', { timeoutMs: 60_000, version: 'v1.20.3' });
  assert.equal(node.version, 'v1.20.3');
  assert.equal(calls.length, 3);
});

test('a node that does not get Ready is an error with its conditions and reasons', async () => {
  await assert.rejects(waitForNode(answering(listOf(NODE)).kubectl, '10.0.0.2', { timeoutMs: 50 }), {
    code: 'NODE_NOT_READY',
    message: /Ready=False KubeletNotReady cni plugin not initialized/,
  });
});
