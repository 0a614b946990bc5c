/** One request and its answer, with what every endpoint needs. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError } from './api-error.ts';
import type { BufferPool } from './buffer-pool.ts';
import type { Limits } from './limits.ts';
import type { Origin, RegistryStorage } from './storage.ts';

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  /** Path without query, as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly origin: Origin;
  readonly storage: RegistryStorage;
  readonly limits: Limits;
  readonly acceptMissingBlobs: boolean;
  readonly pool: BufferPool;
  /** The client waits for a 100 before it sends its body. */
  readonly expectsContinue: boolean;
}

/** Answers with headers and a small body; the length is set, and a HEAD gets no body. */
export function answer(
  { request, response }: Pick<Exchange, 'request' | 'response'>,
  status: number,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
  body: Uint8Array = Buffer.alloc(0),
): void {
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  // 204 and 304 have no body, so no length either (RFC 9110 §8.6).
  if (status !== 204 && status !== 304) response.setHeader('Content-Length', body.byteLength);
  response.statusCode = status;
  response.end(request.method === 'HEAD' || body.byteLength === 0 ? undefined : body);
}

/** Answers with JSON. */
export function answerJson(
  exchange: Exchange,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
  type = 'application/json',
): void {
  answer(exchange, 200, { 'Content-Type': type, ...headers }, Buffer.from(JSON.stringify(value)));
}

/** Answers 304 when the client has this content already (RFC 9110 §13.1.2). */
export function isNotModified({ request }: Exchange, etag: string): boolean {
  const header = request.headers['if-none-match'];
  return header?.split(',').some((each) => each.trim().replace(/^W\//, '') === etag || each.trim() === '*') === true;
}

/** @throws ApiError UNSUPPORTED (405), which names what the endpoint takes */
export function refuseMethod(method: string, ...allowed: readonly string[]): never {
  throw new ApiError('UNSUPPORTED', `${method} is not supported here`, { headers: { Allow: allowed.join(', ') } });
}
