/** A registry's bad day: a proxy in front of a real registry that fails on request, counts bytes, and can be slow. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline, Transform } from 'node:stream';

/** What goes wrong with one request. */
export type Fault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
    }
  /** The connection is cut after so many bytes of the body. */
  | { readonly kind: 'truncate'; readonly after: number }
  /** One bit of the body is another. */
  | { readonly kind: 'alter' }
  | { readonly kind: 'redirect'; readonly to: string }
  | { readonly kind: 'hang-up' };

export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly authorization: string | undefined;
  readonly range: string | undefined;
}

export interface FaultyProxy extends AsyncDisposable {
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Every request so far, in order. */
  readonly seen: Seen[];
  /** Bytes of blobs that went out to the client. */
  downloaded: number;
  /** Bytes of uploads that came in. */
  uploaded: number;
}

export interface FaultyProxyOptions {
  /** `host:port` of the real registry. */
  readonly upstream: string;
  readonly fault?: (request: Seen, index: number) => Fault | undefined;
  /** Bytes per second and request, to make a kill land in the middle. */
  readonly throttle?: number;
}

/** Starts the proxy on a free port of loopback. */
export async function startFaultyProxy(options: FaultyProxyOptions): Promise<FaultyProxy> {
  const server = createServer((incoming, outgoing) => handle(incoming, outgoing, proxy, options));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy: FaultyProxy = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen: [],
    downloaded: 0,
    uploaded: 0,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return proxy;
}

function handle(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  proxy: FaultyProxy,
  options: FaultyProxyOptions,
): void {
  const { method = 'GET', url = '/', headers } = incoming;
  const seen: Seen = { method, url, authorization: headers.authorization, range: headers.range };
  const fault = options.fault?.(seen, proxy.seen.length);
  proxy.seen.push(seen);
  if (fault?.kind === 'hang-up') return void incoming.socket.destroy();
  if (fault?.kind === 'status') {
    incoming.resume();
    return void outgoing.writeHead(fault.status, { connection: 'close', ...fault.headers }).end(fault.body ?? '');
  }
  if (fault?.kind === 'redirect') {
    incoming.resume();
    return void outgoing.writeHead(307, { location: fault.to }).end();
  }
  const [hostname, port] = options.upstream.split(':');
  // The client's Host goes along, so that the Locations that the registry gives lead back through here.
  const forwarded = request({ hostname, port, method, path: url, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    const isBlob = method === 'GET' && url.includes('/blobs/');
    const count = (bytes: number) => {
      if (isBlob) proxy.downloaded += bytes;
    };
    pipeline(
      answer,
      tamper(fault, () => incoming.socket.destroy()),
      slow(options.throttle, count),
      outgoing,
      () => {},
    );
  });
  forwarded.on('error', () => outgoing.destroy());
  outgoing.on('close', () => forwarded.destroy());
  pipeline(
    incoming,
    slow(options.throttle, (bytes) => {
      proxy.uploaded += bytes;
    }),
    forwarded,
    () => {},
  );
}

function tamper(fault: Fault | undefined, cut: () => void): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      if (fault?.kind === 'truncate' && passed + chunk.length > fault.after) {
        this.push(chunk.subarray(0, fault.after - passed));
        // Let what was pushed reach the client before the connection goes.
        setImmediate(cut);
        return;
      }
      if (fault?.kind === 'alter' && passed === 0) {
        const altered = Buffer.from(chunk);
        altered[0] = (altered[0] ?? 0) ^ 1;
        passed += chunk.length;
        return done(null, altered);
      }
      passed += chunk.length;
      done(null, chunk);
    },
  });
}

function slow(bytesPerSecond: number | undefined, count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      count(chunk.length);
      if (bytesPerSecond === undefined) return done(null, chunk);
      setTimeout(() => done(null, chunk), (chunk.length / bytesPerSecond) * 1000);
    },
  });
}
