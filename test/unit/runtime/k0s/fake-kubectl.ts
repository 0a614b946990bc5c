/** kubectl on a master of the world in memory. */

import type { Output } from '../../../../src/hosts/host.ts';
import type { FakeHost, World } from './world.ts';

export function kubectl(world: World, host: FakeHost, argv: readonly string[]): Partial<Output> {
  if (!host.isLive) return { code: 1, stderr: 'The connection to the server localhost:6443 was refused' };
  const [verb, noun = '', name = ''] = argv;
  if (verb === 'get' && noun === 'nodes') return { stdout: JSON.stringify({ items: world.hosts.flatMap(nodeOf) }) };
  if (verb === 'get' && noun === 'etcdmembers') {
    const items = [...world.etcd].map((address) => ({
      metadata: { name: world.by(address)?.name },
      status: { peerAddress: address },
    }));
    return { stdout: JSON.stringify({ items }) };
  }
  if (verb === 'get' && noun === 'etcdmember') {
    const isJoined = world.etcd.has(world.hosts.find((host) => host.name === name)?.address ?? '');
    return {
      stdout: JSON.stringify({ status: { conditions: [{ type: 'Joined', status: isJoined ? 'True' : 'False' }] } }),
    };
  }
  if (verb === 'get' && noun === 'node') {
    const of = world.hosts.find((each) => each.name === name);
    return { stdout: JSON.stringify(of === undefined ? {} : nodeOf(of)[0]) };
  }
  if (verb === 'get' && noun === '--raw') return { stdout: JSON.stringify({ items: [] }) };
  if (verb === 'get') return { stdout: 'ok' };
  host.say(`kubectl ${argv.join(' ')}`);
  if (verb === 'patch') {
    const leaving = world.hosts.find((each) => each.name === name);
    if (world.obeysLeave && leaving !== undefined) world.etcd.delete(leaving.address);
  }
  if (verb === 'delete' && noun === 'node') world.nodes.delete(name);
  const node = world.nodes.get(noun);
  if (verb === 'cordon' && node !== undefined) node.cordoned = true;
  if (verb === 'uncordon' && node !== undefined) node.cordoned = false;
  return {};

  function nodeOf(host: FakeHost): readonly object[] {
    const node = world.nodes.get(host.name);
    if (node === undefined) return [];
    return [
      {
        metadata: { name: host.name, labels: {} },
        spec: {
          unschedulable: node.cordoned,
          // By the node lifecycle controller.
          taints: node.cordoned ? [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] : [],
        },
        status: {
          addresses: [{ type: 'InternalIP', address: host.address }],
          conditions: [{ type: 'Ready', status: node.ready ? 'True' : 'False' }],
          nodeInfo: { kubeletVersion: node.version },
        },
      },
    ];
  }
}
