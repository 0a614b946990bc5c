/** Hosts in memory with as much of kubeadm, kubectl and etcd as joining takes. */

import { createServer as createHttps, type Server } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import type { Clusterfile } from '../../../../src/clusterfile/desired.ts';
import { clusterfileFromFlags } from '../../../../src/clusterfile/index.ts';
import { SealerError } from '../../../../src/error.ts';
import type { Command, Host, Output } from '../../../../src/hosts/host.ts';
import { silent } from '../../../../src/progress.ts';
import { createKubeadm } from '../../../../src/runtime/kubeadm/index.ts';
import type { Runtime } from '../../../../src/runtime/runtime.ts';
import { makeAuthority } from '../k0s/authority.ts';
import { fakeHost } from '../services/fake-host.ts';

export const HOME = '/var/lib/sealer/shop';
const PKI = '/etc/kubernetes/pki';

export interface World extends AsyncDisposable {
  readonly runtime: Runtime;
  readonly hosts: readonly Host[];
  /** What was done, in order: `10.0.0.3 kubeadm join`, `10.0.0.4 told`, `10.0.0.3 is member`, `etcd removes 7`. */
  readonly log: readonly string[];
  /** All that hosts were told. */
  readonly commands: readonly (readonly string[])[];
  /** By address: what its member is called. */
  readonly etcd: Map<string, string>;
  /** Addresses of those that the cluster has, and whether they are masters. */
  readonly nodes: Map<string, 'master' | 'node'>;
  isNodeDown: boolean;
}

/** One master that works, hosts that are to be masters, and a node at 10.0.0.9. */
export async function worldOf(masters: number, kubeadm: Clusterfile['kubeadm'] = {}): Promise<World> {
  const [log, commands]: [string[], (readonly string[])[]] = [[], []];
  const authority = makeAuthority();
  const addresses = Array.from({ length: masters }, (_, i) => `10.0.0.${i + 2}`);
  const etcd = new Map([['10.0.0.2', '1']]);
  const nodes = new Map<string, 'master' | 'node'>([
    ['10.0.0.2', 'master'],
    ['10.0.0.9', 'node'],
  ]);
  const server = await etcdServer(authority.issue(addresses), etcd, log);
  const { port } = server.address() as AddressInfo;
  const client = authority.issue(['client']);
  const kubectl = (argv: readonly string[]): Partial<Output> => {
    if (argv.includes('nodes')) return { stdout: JSON.stringify({ items: [...nodes].map(nodeOf) }) };
    if (argv.includes('get') && argv.includes('node')) {
      // By the node lifecycle controller, as soon as it is cordoned.
      const taints = [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }];
      return { stdout: JSON.stringify({ spec: { unschedulable: true, taints } }) };
    }
    const deleted = argv[argv.indexOf('delete') + 1] === 'node' ? argv[argv.indexOf('node') + 1] : undefined;
    if (deleted !== undefined) {
      log.push(`kubectl delete ${deleted}`);
      nodes.delete(deleted.replace('node-', ''));
    }
    return {};
  };
  const hostOf = (address: string): Host => {
    const files = new Map([
      [`${PKI}/ca.crt`, authority.pem],
      [`${PKI}/etcd/ca.crt`, authority.pem],
      [`${PKI}/etcd/healthcheck-client.crt`, client.cert],
      [`${PKI}/etcd/healthcheck-client.key`, client.key],
    ]);
    const answer = ({ argv }: Command): Partial<Output> => {
      commands.push(argv);
      if (argv[0].endsWith('/kubectl')) return kubectl(argv);
      if (argv[0].endsWith('/kubeadm') && argv[1] === 'join') {
        log.push(`${address} kubeadm join`);
        etcd.set(address, address.at(-1) ?? '');
        nodes.set(address, 'master');
      }
      if (argv.includes('apiserver') && address === '10.0.0.9') {
        if (world.isNodeDown) throw new SealerError('HOST_UNREACHABLE', `no way to ${address}`);
        log.push(`${address} told`);
      }
      return {};
    };
    return {
      ...fakeHost('systemd', answer),
      ...{ address, label: address },
      readText: async (path) => files.get(path),
      write: async (path, content) => {
        files.set(path, String(content));
        if (path.endsWith('/kubeadm.json') && String(content).includes('"member"')) log.push(`${address} is member`);
      },
      forward: async () => connect(port, '127.0.0.1'),
    };
  };
  const [hosts, node] = [addresses.map(hostOf), hostOf('10.0.0.9')];
  const runtime = createKubeadm({
    cluster: {
      ...clusterfileFromFlags({ image: 'shop:v1', masters: addresses.join(','), nodes: '10.0.0.9' }),
      kubeadm,
    },
    ...{ masters: hosts, nodes: [node], home: HOME, report: silent, now: Date.now },
    image: {
      name: 'shop:v1',
      digest: 'sha256:a',
      kubeVersion: 'v1.30.2',
      rootfs: `${HOME}/rootfs`,
      images: [],
      env: {},
    },
    registry: { endpoints: [], mirrored: [] },
    signal: AbortSignal.timeout(60_000),
  });
  const world: World = {
    ...{ runtime, hosts, log, commands, etcd, nodes, isNodeDown: false },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
    },
  };
  return world;
}

function nodeOf([address, role]: readonly [string, string]): object {
  const labels = role === 'master' ? { 'node-role.kubernetes.io/control-plane': '' } : {};
  return {
    metadata: { name: `node-${address}`, labels },
    status: { addresses: [{ type: 'InternalIP', address }], conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

/** All members behind one port, as the gateway of each answers. */
async function etcdServer(
  own: { readonly key: string; readonly cert: string },
  etcd: Map<string, string>,
  log: string[],
): Promise<Server> {
  const server = createHttps(own, async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    if (request.url === '/health') response.end('{"health":"true"}');
    else if (request.url?.endsWith('/list') === true) {
      const members = [...etcd].map(([address, ID]) => ({ ID, name: address, peerURLs: [`https://${address}:2380`] }));
      response.end(JSON.stringify({ members }));
    } else {
      const { ID } = JSON.parse(body);
      log.push(`etcd removes ${ID}`);
      for (const [address, id] of etcd) if (id === ID) etcd.delete(address);
      response.end('{}');
    }
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  return server;
}
