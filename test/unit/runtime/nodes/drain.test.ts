import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Host, Output } from '../../../../src/hosts/host.ts';
import { hasElsewhere } from '../../../../src/runtime/nodes/has-elsewhere.ts';
import { drainNode, nodeState, whileDrained } from '../../../../src/runtime/nodes/index.ts';
import { fakeHost } from '../services/fake-host.ts';

const CORDONED = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
const MASTER = { key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' };

describe('a drain', () => {
  test('waits until the cordon is a taint: then the controllers work that take pods out of Services', async () => {
    const cluster = new Cluster([node('n1')]);
    cluster.looksUntilTaint = 2;
    await drainNode(cluster.kubectl, 'n1');
    assert.deepEqual(cluster.verbs, ['cordon', 'get', 'get', 'get', 'drain']);
  });

  test('does not begin without a controller manager', async () => {
    const cluster = new Cluster([node('n1')]);
    cluster.looksUntilTaint = Infinity;
    await assert.rejects(drainNode(cluster.kubectl, 'n1', { timeoutMs: 250 }), {
      code: 'COMMAND_FAILED',
      message: /n1 was not drained.*no taint/,
      hint: /No controller manager works/,
    });
    assert.ok(!cluster.verbs.includes('drain'));
  });

  test('of a host that goes for good waits for nobody', async () => {
    const cluster = new Cluster([node('n1')]);
    cluster.looksUntilTaint = Infinity;
    await drainNode(cluster.kubectl, 'n1', { ignoresBudgets: true });
    assert.deepEqual(cluster.verbs, ['drain']);
  });

  test('that fails says which pod stays', async () => {
    const cluster = new Cluster([node('n1')]);
    cluster.refusal =
      'node/m1 cordoned\nerror when evicting pods/"a" -n "b": Cannot evict pod as it would violate the pod\'s disruption budget.\n';
    await assert.rejects(drainNode(cluster.kubectl, 'n1'), { code: 'COMMAND_FAILED', message: /pods\/"a"/ });
  });
});

describe('pods of a node have somewhere to go', () => {
  const cases: readonly (readonly [string, object[], object[], boolean])[] = [
    ['if another node takes all', [pod()], [node('n2')], true],
    ['if nobody has to go', [], [node('n2', { taints: [MASTER] })], true],
    ['not if the node is alone', [], [], false],
    ['not if the others are not Ready', [pod()], [node('n2', { ready: 'False' })], false],
    ['not if the others are cordoned', [pod()], [node('n2', { unschedulable: true })], false],
    [
      'not if a pod does not tolerate a taint of the others',
      [pod(), pod(MASTER)],
      [node('n2', { taints: [MASTER] })],
      false,
    ],
    [
      'if they tolerate the taint by its key',
      [pod({ key: MASTER.key, operator: 'Exists' })],
      [node('n2', { taints: [MASTER] })],
      true,
    ],
    ['if they tolerate everything', [pod({ operator: 'Exists' })], [node('n2', { taints: [MASTER] })], true],
    [
      'if they tolerate the value',
      [pod({ key: 'gpu', value: 'a' })],
      [node('n2', { taints: [{ key: 'gpu', value: 'a', effect: 'NoExecute' }] })],
      true,
    ],
    [
      'not if it is another value',
      [pod({ key: 'gpu', value: 'b' })],
      [node('n2', { taints: [{ key: 'gpu', value: 'a', effect: 'NoExecute' }] })],
      false,
    ],
    [
      'not if it is another effect',
      [pod({ operator: 'Exists', effect: 'NoExecute' })],
      [node('n2', { taints: [MASTER] })],
      false,
    ],
    [
      'if a taint only prefers that they do not',
      [pod()],
      [node('n2', { taints: [{ key: 'x', effect: 'PreferNoSchedule' }] })],
      true,
    ],
    ['if the other node was cordoned a moment ago', [pod()], [node('n2', { taints: [CORDONED] })], true],
    [
      'if those that do not are of daemon sets, static, or over',
      [daemon(), mirror(), over()],
      [node('n2', { taints: [MASTER] })],
      true,
    ],
  ];
  for (const [name, pods, others, expected] of cases) {
    test(name, async () => {
      const cluster = new Cluster([node('n1'), ...others], pods);
      assert.equal(await hasElsewhere(cluster.kubectl, nodeState(node('n1'))), expected);
    });
  }
});

describe('work while a node is drained', () => {
  const mark = '/var/lib/sealer/drained';
  const signal = new AbortController().signal;

  test('is between drain and uncordon, and the cordon is noted on the host', async () => {
    const [cluster, host] = [new Cluster([node('n1'), node('n2')], [pod()]), hostWithFiles()];
    await whileDrained(cluster.kubectl, { host, node: nodeState(node('n1')), mark, signal }, async () => {
      assert.equal(host.files.get(mark), 'n1\n');
      cluster.verbs.push('work');
    });
    assert.deepEqual(cluster.changes, ['cordon', 'drain', 'work', 'uncordon']);
    assert.equal(host.files.has(mark), false);
  });

  test('that fails leaves the cordon and the note for the next run, which ends both', async () => {
    const [cluster, host] = [new Cluster([node('n1'), node('n2')]), hostWithFiles()];
    const before = { host, node: nodeState(node('n1')), mark, signal };
    const failing = whileDrained(cluster.kubectl, before, () => Promise.reject(new Error('power cut')));
    await assert.rejects(failing, /power cut/);
    assert.equal(host.files.has(mark), true);
    const after = { ...before, node: nodeState(node('n1', { unschedulable: true })) };
    await whileDrained(cluster.kubectl, after, async () => {});
    assert.equal(cluster.changes.at(-1), 'uncordon');
    assert.equal(host.files.has(mark), false);
  });

  test('leaves a node that somebody else cordoned as it is', async () => {
    const [cluster, host] = [new Cluster([node('n1', { unschedulable: true }), node('n2')]), hostWithFiles()];
    const theirs = nodeState(node('n1', { unschedulable: true }));
    await whileDrained(cluster.kubectl, { host, node: theirs, mark, signal }, async () => {});
    assert.deepEqual(cluster.changes, []);
  });

  test('does not wait for a kubelet that does not answer', async () => {
    const [cluster, host] = [new Cluster([node('n1', { ready: 'Unknown' }), node('n2')]), hostWithFiles()];
    host.files.set(mark, 'n1\n');
    const gone = nodeState(node('n1', { ready: 'Unknown', unschedulable: true }));
    await whileDrained(cluster.kubectl, { host, node: gone, mark, signal }, async () => {});
    assert.deepEqual(cluster.changes, ['uncordon']);
  });
});

/** A host of which only the files matter. */
function hostWithFiles(): Host & { readonly files: Map<string, string> } {
  const files = new Map<string, string>();
  return {
    ...fakeHost('systemd', ({ argv: [program, , path = ''] }) => {
      if (program === 'rm') files.delete(path);
      return {};
    }),
    files,
    readText: async (path) => files.get(path),
    write: async (path, content) => {
      files.set(path, String(content));
    },
  };
}

interface NodeOptions {
  readonly taints?: readonly object[];
  readonly unschedulable?: boolean;
  readonly ready?: string;
}

function node(name: string, { taints = [], unschedulable = false, ready = 'True' }: NodeOptions = {}) {
  return {
    metadata: { name },
    spec: { unschedulable, taints },
    status: { conditions: [{ type: 'Ready', status: ready }] },
  };
}

function pod(...tolerations: object[]) {
  return {
    metadata: { ownerReferences: [{ kind: 'ReplicaSet' }] },
    spec: { tolerations },
    status: { phase: 'Running' },
  };
}

function daemon() {
  return { ...pod(), metadata: { ownerReferences: [{ kind: 'DaemonSet' }] } };
}

function mirror() {
  return { ...pod(), metadata: { annotations: { 'kubernetes.io/config.mirror': 'abc' } } };
}

function over() {
  return { ...pod(), status: { phase: 'Succeeded' } };
}

/** Answers as kubectl does, and remembers what it was asked. */
class Cluster {
  readonly verbs: string[] = [];
  looksUntilTaint = 0;
  refusal: string | undefined;
  readonly #nodes: readonly object[];
  readonly #pods: readonly object[];

  constructor(nodes: readonly object[], pods: readonly object[] = []) {
    this.#nodes = nodes;
    this.#pods = pods;
  }

  /** What was asked that changes something. */
  get changes(): readonly string[] {
    return this.verbs.filter((verb) => verb !== 'get');
  }

  readonly kubectl = async (argv: readonly string[]): Promise<Output> => {
    const [verb = '', noun, name] = argv;
    this.verbs.push(verb);
    const answer = (value: object): Output => ({ code: 0, stdout: JSON.stringify(value), stderr: '' });
    if (verb === 'drain' && this.refusal !== undefined) return { code: 1, stdout: '', stderr: this.refusal };
    if (verb !== 'get') return answer({});
    if (noun === 'nodes') return answer({ items: this.#nodes });
    if (noun === '--raw') {
      assert.equal(name, '/api/v1/pods?fieldSelector=spec.nodeName%3Dn1&limit=100');
      return answer({ items: this.#pods });
    }
    const isTainted = this.looksUntilTaint-- <= 0;
    return answer(node(name ?? '', { taints: isTainted ? [CORDONED] : [] }));
  };
}
