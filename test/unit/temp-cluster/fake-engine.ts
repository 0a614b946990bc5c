/** An engine for tests: as much of docker's API as a temporary cluster uses, at a socket. It keeps things, and runs nothing. */

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { temporaryFolder } from '../../lab/scratch.ts';

interface Kept {
  readonly kind: 'containers' | 'volumes' | 'networks';
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface FakeEngine extends AsyncDisposable {
  readonly socket: string;
  readonly url: string;
  readonly kept: Set<Kept>;
  /** `METHOD path` of each call, in order. */
  readonly calls: string[];
  add(kind: Kept['kind'], id: string, labels: Readonly<Record<string, string>>): Kept;
}

export interface FakeAnswers {
  readonly info?: object;
  readonly version?: object;
  /** A deletion that is answered with 409 as long as this says so. */
  readonly refuses?: (id: string) => boolean;
}

export async function startFakeEngine({ info = {}, version = {}, refuses }: FakeAnswers = {}): Promise<FakeEngine> {
  const folder = await temporaryFolder('fake-engine');
  const socket = join(folder.path, 'api.sock');
  const kept = new Set<Kept>();
  const calls: string[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://engine');
    calls.push(`${request.method} ${url.pathname}`);
    if (url.pathname === '/info') answer(response, 200, info);
    else if (url.pathname === '/version') answer(response, 200, version);
    else if (request.method === 'DELETE') remove(url.pathname, response);
    else answer(response, 200, listed(url));
  });

  function remove(path: string, response: ServerResponse): void {
    const [, kind, id = ''] = path.split('/');
    const found = [...kept].find((each) => each.kind === kind && each.id === id);
    if (found === undefined) answer(response, 404, { message: `no such thing: ${id}` });
    else if (refuses?.(id) === true) answer(response, 409, { message: `${id} is in use` });
    else {
      kept.delete(found);
      answer(response, 204);
    }
  }

  function listed(url: URL): unknown {
    const label: string = JSON.parse(url.searchParams.get('filters') ?? '{}').label?.[0] ?? '';
    const [key = '', value] = label.split('=');
    const kind = url.pathname.split('/')[1];
    const found = [...kept]
      .filter((each) => each.kind === kind && key in each.labels && (value === undefined || each.labels[key] === value))
      .map(({ id, labels }) => ({ Id: id, Name: id, Labels: labels }));
    return kind === 'volumes' ? { Volumes: found } : found;
  }

  await new Promise<void>((resolve) => server.listen(socket, resolve));
  return {
    socket,
    url: `unix://${socket}`,
    kept,
    calls,
    add(kind, id, labels) {
      const thing = { kind, id, labels };
      kept.add(thing);
      return thing;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Waits for a condition. */
export async function until(condition: () => boolean, timeoutMs = 30_000): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!condition()) {
    if (Date.now() > end) throw new Error(`Not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function answer(response: ServerResponse<IncomingMessage>, status: number, body?: unknown): void {
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(body === undefined ? '' : JSON.stringify(body));
}
