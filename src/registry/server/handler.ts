/** From a request to its endpoint, and from whatever is thrown to an answer. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { isSystemError } from '../../error.ts';
import { ApiError } from './api-error.ts';
import type { Authenticate } from './basic-auth.ts';
import { handleBlob } from './blobs.ts';
import { BufferPool } from './buffer-pool.ts';
import { handleCatalog, handleReferrers, handleTags } from './discovery.ts';
import { answer, answerJson, type Exchange, refuseMethod } from './exchange.ts';
import type { Limits } from './limits.ts';
import { handleManifest } from './manifests.ts';
import { parseRoute, type Route } from './route.ts';
import type { RegistryStorage } from './storage.ts';
import { handleUpload, handleUploads } from './uploads.ts';

/** One answered request, for an access log. Holds no header, no query and no credential. */
export interface AccessEntry {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly remote: string;
  readonly milliseconds: number;
  /** A fault of ours or of the disk, which the client was told nothing about. */
  readonly error?: unknown;
}

export interface HandlerOptions {
  readonly storage: RegistryStorage;
  readonly readOnly: boolean;
  readonly limits: Limits;
  readonly acceptMissingBlobs: boolean;
  readonly authenticate: Authenticate | undefined;
  /** Where we listen, for requests without a Host header. */
  readonly address: () => string;
  readonly log: ((entry: AccessEntry) => void) | undefined;
}

export type Handler = (request: IncomingMessage, response: ServerResponse, expectsContinue: boolean) => Promise<void>;

/** More than this of a body that nobody reads is not waited for: the connection is closed after the answer. */
const DRAIN_BYTES = 1024 * 1024;

/** Makes the function that answers every request. It never rejects. */
export function createHandler(options: HandlerOptions): Handler {
  const pool = new BufferPool();
  return async (request, response, expectsContinue) => {
    const started = performance.now();
    let fault: unknown;
    response.setHeader('Docker-Distribution-Api-Version', 'registry/2.0');
    response.setHeader('X-Content-Type-Options', 'nosniff');
    const exchange = { ...openExchange(request, response, options), expectsContinue, pool };
    response.once('close', () =>
      options.log?.({
        method: exchange.method,
        path: exchange.path,
        status: response.statusCode,
        remote: request.socket.remoteAddress ?? '',
        milliseconds: performance.now() - started,
        ...(fault === undefined ? {} : { error: fault }),
      }),
    );
    try {
      await dispatch(exchange, options);
    } catch (error) {
      fault = answerError(exchange, error);
    }
  };
}

function openExchange(
  request: IncomingMessage,
  response: ServerResponse,
  { storage, limits, address, acceptMissingBlobs }: HandlerOptions,
): Omit<Exchange, 'expectsContinue' | 'pool'> {
  const target = request.url ?? '/';
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const namespace = query.get('ns') ?? undefined;
  const origin = { host: request.headers.host ?? address(), ...(namespace === undefined ? {} : { namespace }) };
  const method = request.method ?? 'GET';
  return { request, response, method, path, query, origin, storage, limits, acceptMissingBlobs };
}

async function dispatch(exchange: Exchange, { readOnly, authenticate }: HandlerOptions): Promise<void> {
  const { method, request, response, origin, storage } = exchange;
  // Before anything else: who is not known learns nothing, not even whether a name is well-formed.
  await authenticate?.(request.headers.authorization);
  const route = parseRoute(exchange.path);
  if (route === undefined) throw new ApiError('UNSUPPORTED', 'There is no such endpoint', { status: 404 });
  const isRead = method === 'GET' || method === 'HEAD';
  if (!isRead && readOnly) {
    throw new ApiError('UNSUPPORTED', 'This registry is read-only', { headers: { Allow: 'GET, HEAD' } });
  }
  if (origin.namespace !== undefined) {
    const { namespace } = origin;
    if (!/^[\w.:[\]-]{1,255}$/.test(namespace)) throw new ApiError('NAME_INVALID', 'ns is not a registry host');
    response.setHeader('OCI-Namespace', namespace);
  }
  if (route.kind === 'ping') return isRead ? answerJson(exchange, {}) : refuseMethod(method, 'GET', 'HEAD');
  if (route.kind === 'catalog') return handleCatalog(exchange);
  // An upload's status is asked for where it is written.
  const isPull = isRead && route.kind !== 'upload';
  const repository = await storage.locate(route.name, origin, isPull ? 'read' : 'write');
  return handleRoute(exchange, route, repository);
}

function handleRoute(
  exchange: Exchange,
  route: Exclude<Route, { kind: 'ping' | 'catalog' }>,
  repository: string,
): Promise<void> {
  switch (route.kind) {
    case 'blob':
      return handleBlob(exchange, repository, route.digest);
    case 'uploads':
      return handleUploads(exchange, route.name, repository);
    case 'upload':
      return handleUpload(exchange, route.name, repository, route.id);
    case 'manifest':
      return handleManifest(exchange, route.name, repository, route.reference);
    case 'tags':
      return handleTags(exchange, route.name, repository);
    case 'referrers':
      return handleReferrers(exchange, repository, route.digest);
  }
}

/** Tells the client; gives back what belongs in the log and not on the wire. */
function answerError(exchange: Exchange, error: unknown): unknown {
  const { request, response } = exchange;
  const known = error instanceof ApiError;
  if (response.headersSent || response.destroyed) {
    // Half an answer cannot be mended: a broken connection tells the client that it is not whole.
    response.destroy();
    return known ? undefined : error;
  }
  for (const name of response.getHeaderNames()) if (/^content-|^etag$|^cache-/.test(name)) response.removeHeader(name);
  const chunked = request.headers['transfer-encoding'] !== undefined;
  const unread = !request.complete && (chunked || Number(request.headers['content-length'] ?? 0) > DRAIN_BYTES);
  const shown = known ? error : hide(error);
  const headers = { 'Content-Type': 'application/json', ...shown.headers, ...(unread ? { Connection: 'close' } : {}) };
  answer(exchange, shown.status, headers, shown.toBody());
  return known ? undefined : error;
}

/** System errors name files of ours, so only their kind is told. */
function hide(error: unknown): ApiError {
  if (isSystemError(error, 'ENOSPC', 'EDQUOT')) {
    return new ApiError('UNKNOWN', 'The disk of the registry is full', { status: 507 });
  }
  if (isSystemError(error, 'EROFS', 'EACCES', 'EPERM')) {
    return new ApiError('UNSUPPORTED', 'This registry is read-only');
  }
  return new ApiError('UNKNOWN', 'The registry has a fault; its log says more');
}
