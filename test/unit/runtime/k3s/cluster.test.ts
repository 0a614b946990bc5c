import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SealerError } from '../../../../src/error.ts';
import type { Command, Output } from '../../../../src/hosts/host.ts';
import { createK3s } from '../../../../src/runtime/k3s/index.ts';
import type { RuntimeContext } from '../../../../src/runtime/runtime.ts';
import { type FakeHost, fakeHost } from '../services/fake-host.ts';

const REFUSED = 'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?\n';

function master(address: string, answer: (command: Command) => Partial<Output> = () => ({})): FakeHost {
  return { ...fakeHost('systemd', answer), address, label: address };
}

function runtime(masters: readonly FakeHost[], files: Readonly<Record<string, string>> = {}) {
  const spec = {
    name: 'shop',
    image: 'shop:v1',
    env: {},
    hosts: [],
    registry: { kind: 'local', domain: 'sea.hub', port: 5000, ha: false, insecure: false, sans: [] },
    hostAliases: [],
    dataRoot: '/var/lib/sealer',
  } as const;
  const context: RuntimeContext = {
    cluster: { cluster: spec, configs: [], plugins: [], kubeadm: {} },
    masters: masters.map((host) => ({ ...host, readText: async (path) => files[path] })),
    nodes: [],
    image: { name: 'shop:v1', digest: 'sha256:abc', kubeVersion: 'v1.33.4+k3s1', rootfs: '/r', images: [], env: {} },
    registry: { endpoints: [], mirrored: [] },
    home: '/var/lib/sealer/shop',
    report: () => {},
    signal: new AbortController().signal,
    now: () => 0,
  };
  return createK3s(context);
}

function nodes(...list: readonly { address: string; ready: boolean; isAgent?: boolean }[]): string {
  return JSON.stringify({
    items: list.map(({ address, ready, isAgent = false }) => ({
      metadata: {
        name: `at-${address}`,
        labels: isAgent ? {} : { 'node-role.kubernetes.io/control-plane': 'true' },
        annotations: isAgent ? {} : { 'etcd.k3s.cattle.io/node-address': address },
      },
      status: {
        addresses: [{ type: 'InternalIP', address }],
        conditions: [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }],
        nodeInfo: { kubeletVersion: 'v1.33.4+k3s1' },
      },
    })),
  });
}

describe('kubectl of a k3s cluster', () => {
  it('asks the next master where nothing listens, and stays with it', async () => {
    const [one, two] = [master('10.0.0.1', () => ({ code: 1, stderr: REFUSED })), master('10.0.0.2')];
    const { kubectl } = runtime([one, two]);
    await kubectl(['get', 'pods']);
    await kubectl(['get', 'pods']);
    assert.equal(one.commands.length, 1);
    assert.deepEqual(two.commands, Array(2).fill(['/usr/local/bin/k3s', 'kubectl', 'get', 'pods']));
  });

  it('asks the next master where a host cannot be reached', async () => {
    const one = master('10.0.0.1', () => {
      throw new SealerError('HOST_UNREACHABLE', 'gone');
    });
    const two = master('10.0.0.2', () => ({ stdout: 'fine' }));
    assert.equal((await runtime([one, two]).kubectl(['get', 'pods'])).stdout, 'fine');
  });

  it('does not do a thing twice that the API refused', async () => {
    const [one, two] = [master('10.0.0.1', () => ({ code: 1, stderr: 'Error: forbidden' })), master('10.0.0.2')];
    await assert.rejects(runtime([one, two]).kubectl(['delete', 'node', 'x']), {
      code: 'COMMAND_FAILED',
      message: /forbidden/,
    });
    assert.equal(two.commands.length, 0);
  });

  it('is asked once by many who ask the same at the same time', async () => {
    const one = master('10.0.0.1');
    const { kubectl } = runtime([one]);
    await Promise.all([1, 2, 3].map(() => kubectl(['get', 'nodes', '-o', 'json'])));
    assert.equal(one.commands.length, 1);
  });
});

describe('kubeconfig of a k3s cluster', () => {
  it('names the master instead of the host itself', async () => {
    const file = { '/etc/rancher/k3s/k3s.yaml': 'clusters:\n- cluster:\n    server: https://127.0.0.1:6443\n' };
    assert.match(await runtime([master('fd00::1')], file).kubeconfig(), /server: https:\/\/\[fd00::1\]:6443\n/);
  });
});

describe('removal of a k3s server', () => {
  const answers =
    (list: string) =>
    ({ argv }: Command): Partial<Output> => ({
      stdout: argv.includes('nodes') ? list : '',
    });

  it('is refused for the last one', async () => {
    const one = master('10.0.0.1', answers(nodes({ address: '10.0.0.1', ready: true })));
    await assert.rejects(runtime([one]).deleteMasters([{ address: '10.0.0.1', host: one }]), { code: 'LAST_MASTER' });
  });

  it('is refused while too many others are silent, and changes nothing then', async () => {
    const list = nodes(
      { address: '10.0.0.1', ready: true },
      { address: '10.0.0.2', ready: true },
      { address: '10.0.0.3', ready: false },
    );
    const all = ['10.0.0.1', '10.0.0.2', '10.0.0.3'].map((address) => master(address, answers(list)));
    const [, two] = all;
    await assert.rejects(runtime(all).deleteMasters([{ address: '10.0.0.2', host: two }]), {
      code: 'QUORUM_AT_RISK',
      message: /10\.0\.0\.3/,
    });
    const verbs = all.flatMap(({ commands }) => commands.map((argv) => argv[2]));
    assert.deepEqual([...new Set(verbs)], ['get']);
  });
});

describe('a host that was a member of a k3s cluster, and was installed anew', () => {
  const FILES = { '/var/lib/sealer/shop/k3s/agent-token': 'a', '/var/lib/rancher/k3s/server/token': 'b' };

  /** What is done until it is a member again, on a cluster of one other master. */
  async function rejoin(isAgent: boolean): Promise<readonly string[]> {
    const done: string[] = [];
    const [stays, again] = [
      { address: '10.0.0.1', ready: true },
      { address: '10.0.0.9', ready: true, isAgent },
    ];
    let list = nodes(stays, { ...again, ready: false });
    const one = master(stays.address, ({ argv }) => {
      if (argv[2] === 'delete' || argv[2] === 'annotate') {
        done.push(argv.slice(2, 5).join(' '));
        list = nodes(stays);
      }
      return { stdout: argv.includes('nodes') ? list : '' };
    });
    const host = master(again.address, ({ argv }) => {
      if (argv.includes('start')) {
        done.push('start');
        list = nodes(stays, again);
      }
      if (argv.includes('nodes')) return { stdout: list };
      if (argv[1] === 'is-active') return { stdout: done.includes('start') ? 'active' : 'inactive' };
      return {};
    });
    if (isAgent) await runtime([one], FILES).joinNodes([host]);
    else await runtime([one, host], FILES).joinMasters([host]);
    return done;
  }

  it('is forgotten with its password before it joins', async () => {
    const forgotten = ['delete node at-10.0.0.9', 'delete secret --namespace'];
    assert.deepEqual(await rejoin(true), [...forgotten, 'start']);
  });

  it('leaves etcd before that, if it was a server', async () => {
    const forgotten = ['annotate node at-10.0.0.9', 'delete node at-10.0.0.9', 'delete secret --namespace'];
    assert.deepEqual(await rejoin(false), [...forgotten, 'start']);
  });
});
