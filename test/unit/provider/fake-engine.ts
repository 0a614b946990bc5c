/** An engine in memory: as much of docker's API as hosts need. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EngineClient } from '../../../src/container-engine/client.ts';
import type { HostEngine } from '../../../src/provider/index.ts';

export interface FakeContainer {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  isRunning: boolean;
}

export interface FakeEngine extends AsyncDisposable {
  readonly engine: HostEngine;
  readonly containers: Map<string, FakeContainer>;
  readonly volumes: Set<string>;
  readonly networks: Map<string, unknown>;
  /** `METHOD path`, without the query. */
  readonly calls: string[];
}

export async function fakeEngine(): Promise<FakeEngine> {
  const containers = new Map<string, FakeContainer>();
  const volumes = new Set<string>();
  const networks = new Map<string, unknown>();
  const calls: string[] = [];
  const answer = (method: string, url: URL, body: Record<string, unknown>): [number, unknown] => {
    const [, kind = '', name = '', action = ''] = url.pathname.split('/');
    calls.push(`${method} ${url.pathname}`);
    if (kind === 'images') return [200, { Id: `sha256:${'a'.repeat(64)}`, Config: {} }];
    if (kind === 'networks' && name === 'create') {
      const IPAM = body.IPAM ?? { Config: [{ Subnet: '10.99.0.0/24', Gateway: '10.99.0.1' }] };
      networks.set(String(body.Name), { IPAM });
      return [201, { Id: 'n' }];
    }
    if (kind === 'volumes' && method === 'POST') return [201, volumes.add(String(body.Name)) && {}];
    if (kind === 'volumes' && method === 'GET') return [200, { Volumes: [...volumes].map((Name) => ({ Name })) }];
    if (kind === 'containers' && name === 'json') {
      const all = [...containers].map(([Id, each]) => ({
        ...{ Id, Names: [`/${each.name}`], Labels: each.labels, State: each.isRunning ? 'running' : 'exited' },
      }));
      return [200, all];
    }
    if (kind === 'containers' && name === 'create') {
      const Id = String(containers.size + 1).padStart(12, '0');
      const labels = body.Labels as Record<string, string>;
      containers.set(Id, { name: url.searchParams.get('name') ?? '', labels, isRunning: false });
      return [201, { Id }];
    }
    if (kind === 'networks' && method === 'GET') return networks.has(name) ? [200, networks.get(name)] : [404, {}];
    if (method === 'DELETE') {
      const all: Pick<Map<string, unknown>, 'delete'> = { containers, volumes, networks }[kind] ?? networks;
      return all.delete(name) ? [204, undefined] : [404, {}];
    }
    const container = containers.get(name);
    if (kind === 'containers' && action === 'start' && container !== undefined) {
      container.isRunning = true;
      return [204, undefined];
    }
    return [501, { message: `the engine in memory has no ${method} ${url.pathname}` }];
  };
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += String(chunk);
    const url = new URL(request.url ?? '/', 'http://engine');
    const [status, json] = answer(request.method ?? 'GET', url, text === '' ? {} : JSON.parse(text));
    response.writeHead(status).end(json === undefined ? '' : JSON.stringify(json));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    ...{ containers, volumes, networks, calls },
    engine: { client: new EngineClient({ host: '127.0.0.1', port }), kind: 'docker' },
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
