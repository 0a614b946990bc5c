/** A loopback server in the place of all upstream's hosts: `http://127.0.0.1:PORT/github.com/…`, with ranges, and faults on request. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Mirror extends AsyncDisposable {
  /** By `host/path`, as upstream has them; they may be changed while it runs. */
  readonly files: Map<string, Uint8Array>;
  /** `host/path`, with ` bytes=N-` behind where a range was asked for; in order. */
  readonly asked: string[];
  /** For `--mirror`: `github.com=http://127.0.0.1:1/github.com`. */
  readonly flags: readonly string[];
  /** The same for `Upstream.mirrors`. */
  readonly mirrors: Readonly<Record<string, string>>;
  /** The next answer with this file breaks off after so many bytes. */
  breakOnce(path: string, bytes: number): void;
  /** The next so many answers to anything are this status, with these headers. */
  refuse(count: number, status: number, headers?: Readonly<Record<string, string>>): void;
}

/** Upstream's hosts. */
export const HOSTS = [
  'update.k3s.io',
  'api.github.com',
  'github.com',
  'docs.k0sproject.io',
  'dl.k8s.io',
  'get.helm.sh',
  'raw.githubusercontent.com',
  'helm.cilium.io',
] as const;

/** Starts it. Disposing ends it. */
export async function startMirror(files: ReadonlyMap<string, Uint8Array>): Promise<Mirror> {
  const served = new Map(files);
  const asked: string[] = [];
  const breaks = new Map<string, number>();
  const refusals: { status: number; headers: Readonly<Record<string, string>> }[] = [];
  const server = createServer((request, response) => {
    // GitHub's pages are known by their first: the others are empty.
    const [path = '', query = ''] = (request.url ?? '').slice(1).split('?');
    const { range } = request.headers;
    asked.push(range === undefined ? path : `${path} ${range}`);
    const refusal = refusals.shift();
    if (refusal !== undefined) response.writeHead(refusal.status, refusal.headers).end();
    else if (/[?&]page=[2-9]/.test(`?${query}`)) response.writeHead(200).end('[]');
    else answer(request, response, served.get(decodeURIComponent(path)), () => take(breaks, path));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const mirrors = Object.fromEntries(HOSTS.map((host) => [host, `http://127.0.0.1:${port}/${host}`]));
  return {
    files: served,
    asked,
    mirrors,
    flags: Object.entries(mirrors).flatMap(([host, address]) => ['--mirror', `${host}=${address}`]),
    breakOnce: (path, bytes) => void breaks.set(path, bytes),
    refuse: (count, status, headers = {}) => void refusals.push(...Array(count).fill({ status, headers })),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function answer(
  { headers }: IncomingMessage,
  response: ServerResponse,
  file: Uint8Array | undefined,
  breakAt: () => number | undefined,
): void {
  if (file === undefined) return void response.writeHead(404).end('not found');
  const etag = `"${createHash('sha256').update(file).digest('hex')}"`;
  const start = headers['if-range'] === etag ? Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0) : 0;
  const rest = file.subarray(start);
  response.writeHead(start > 0 ? 206 : 200, {
    etag,
    'content-length': rest.length,
    ...(start > 0 ? { 'content-range': `bytes ${start}-${file.length - 1}/${file.length}` } : {}),
  });
  const end = breakAt();
  if (end === undefined) response.end(rest);
  // The client is to get all of it before the end.
  else response.write(rest.subarray(0, end), () => response.socket?.end());
}

function take<K, V>(map: Map<K, V>, key: K): V | undefined {
  const value = map.get(key);
  map.delete(key);
  return value;
}
