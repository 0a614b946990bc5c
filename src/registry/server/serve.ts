/** The registry as a server: listening, TLS, timeouts and the end. */

import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { isSystemError, SealerError } from '../../error.ts';
import { basicAuth } from './basic-auth.ts';
import { type AccessEntry, createHandler } from './handler.ts';
import { openHtpasswd } from './htpasswd.ts';
import { DEFAULT_LIMITS, type Limits } from './limits.ts';
import type { RegistryStorage } from './storage.ts';
import { givenUsers } from './users.ts';

export interface ServeOptions {
  readonly storage: RegistryStorage;
  /** Where to listen. Default: 127.0.0.1, which nobody else reaches. */
  readonly host?: string | undefined;
  /** Default: 0, a free one. */
  readonly port?: number | undefined;
  /** PEM. */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer } | undefined;
  /** A file of users; without it everyone may do everything. */
  readonly htpasswd?: string | undefined;
  /** Passwords by user, beside those of the file. Where it is given, nobody else may do anything, even if it is empty. */
  readonly users?: ReadonlyMap<string, string> | undefined;
  readonly readOnly?: boolean | undefined;
  /** Take image manifests whose blobs are not there. Default: refuse them with MANIFEST_BLOB_UNKNOWN. */
  readonly acceptMissingBlobs?: boolean | undefined;
  readonly limits?: Partial<Limits> | undefined;
  /** Called once for each request, when it is answered or broken off. */
  readonly log?: ((entry: AccessEntry) => void) | undefined;
}

/** A registry that listens. Disposing cuts all connections; unfinished uploads of a folder can be gone on with later. */
export interface RunningRegistry extends AsyncDisposable {
  /** `http://127.0.0.1:5000` */
  readonly url: string;
  /** `127.0.0.1:5000`, as in an image name. */
  readonly address: string;
}

/**
 * Starts a registry (OCI distribution-spec 1.1.1).
 * @throws SealerError ADDRESS_IN_USE, PERMISSION (a port below 1024), CREDENTIALS_INVALID (htpasswd, certificate or key)
 */
export async function serveRegistry(options: ServeOptions): Promise<RunningRegistry> {
  const { storage, host = '127.0.0.1', port = 0 } = options;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const file = options.htpasswd === undefined ? undefined : await openHtpasswd(options.htpasswd);
  const users = options.users === undefined ? file : givenUsers(options.users, file);
  let address = '';
  const handle = createHandler({
    storage,
    limits,
    acceptMissingBlobs: options.acceptMissingBlobs === true,
    readOnly: options.readOnly === true || storage.readOnly === true,
    authenticate: users === undefined ? undefined : basicAuth(users),
    address: () => address,
    log: options.log,
  });
  const server = createListener(options.tls, limits);
  const latest = new WeakMap<Socket, Exchange>();
  const begin = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => {
    latest.set(request.socket, { request, response });
    void handle(request, response, expectsContinue);
  };
  server.on('request', (request, response) => begin(request, response, false));
  // A client that asks before it sends is refused before it has sent gigabytes.
  server.on('checkContinue', (request, response) => begin(request, response, true));
  limit(server, limits, (socket) => isOurTurn(latest.get(socket)));
  await listen(server, host, port);
  address = addressOf(server, host);
  return {
    url: `${options.tls === undefined ? 'http' : 'https'}://${address}`,
    address,
    [Symbol.asyncDispose]: async () => {
      if (!server.listening) return;
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
      await storage.close?.();
    },
  };
}

function createListener(tls: ServeOptions['tls'], { headerMs }: Limits): Server {
  // Node looks for late headers only every so often; by default twice a minute.
  const timing = { connectionsCheckingInterval: Math.min(5000, headerMs) };
  if (tls === undefined) return createServer(timing);
  try {
    return createTlsServer({ ...timing, cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' });
  } catch (cause) {
    throw new SealerError('CREDENTIALS_INVALID', 'The TLS certificate and key do not work together', { cause });
  }
}

type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

/** Whether a client has said all that it has to say and waits for us: a proxy may take minutes to get a blob. */
function isOurTurn(exchange: Exchange | undefined): boolean {
  return exchange?.request.complete === true && !exchange.response.headersSent;
}

function limit(server: Server, limits: Limits, awaitsUs: (socket: Socket) => boolean): void {
  server.headersTimeout = limits.headerMs;
  // A large blob may take hours; what must not happen is that nothing happens (idleMs, and the pace of a body).
  server.requestTimeout = 0;
  server.timeout = limits.idleMs;
  server.keepAliveTimeout = Math.min(75_000, limits.idleMs);
  server.maxConnections = limits.connections;
  server.on('timeout', (socket) => {
    if (!awaitsUs(socket)) socket.destroy();
  });
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
}

async function listen(server: Server, host: string, port: number): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (cause) {
    if (isSystemError(cause, 'EADDRINUSE')) {
      throw new SealerError('ADDRESS_IN_USE', `${host}:${port} is taken`, { hint: 'Choose another port.', cause });
    }
    if (isSystemError(cause, 'EACCES')) throw new SealerError('PERMISSION', `Port ${port} needs root`, { cause });
    if (isSystemError(cause, 'EADDRNOTAVAIL', 'ENOTFOUND')) {
      throw new SealerError('ADDRESS_IN_USE', `${host} is not an address of this machine`, { cause });
    }
    throw cause;
  }
}

function addressOf(server: Server, host: string): string {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('The server is not listening');
  // A wildcard is no address to connect to.
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `${name.includes(':') ? `[${name}]` : name}:${bound.port}`;
}
