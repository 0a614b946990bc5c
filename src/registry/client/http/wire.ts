/**
 * One request over node:http or node:https, and nothing else: no redirects, no credentials, no retries.
 *
 * Not fetch: blobs are the hot path, and plain streams move them at a third less CPU (measured); agents keep sockets,
 * speak to proxies and hold the certificates of each registry.
 */

import http, { type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { LookupFunction } from 'node:net';
import { Readable } from 'node:stream';
import { createSecureContext } from 'node:tls';
import { SealerError } from '../../../error.ts';
import type { TlsMaterial } from './certificates.ts';
import { readDirectly } from './direct-read.ts';

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** A body that can be sent again: it is opened for each attempt. */
export interface Body {
  /** Bytes; exactly so many are sent. */
  readonly size: number;
  open(): Promise<Readable> | Uint8Array;
  /** Called as bytes go out. */
  onBytes?(count: number): void;
}

export interface WireRequest {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Body | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A socket that is silent for so long (ms) is given up. */
  readonly idle: number;
  /** The same once all is sent: who got something large may have to think about it. Default: `idle`. */
  readonly idleAfter?: number | undefined;
  readonly lookup?: LookupFunction | undefined;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Must be read or drained, or the socket is never free again. */
  readonly stream: IncomingMessage;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  /** The server answered before it had read the whole body: the connection cannot be used again. */
  readonly early: boolean;
}

/** The agents of one client: sockets are kept and used again, per host. */
export class Wire implements Disposable {
  readonly #agents = new Map<string, http.Agent>();
  readonly #tls = new Map<string, { material: TlsMaterial; verify: boolean }>();
  readonly #env: NodeJS.ProcessEnv;

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** Sets certificates for one host with its port. Other hosts have what `*` has. */
  trust(host: string, material: TlsMaterial, verify: boolean): void {
    // As a URL has it: lower-case, without the port that goes without saying.
    const name = host === '*' ? host : new URL(`https://${host}/`).host;
    this.#tls.set(name, { material, verify });
  }

  /** Sends one request and waits for the head of its answer. Connection errors come as Node gives them. */
  async send(request: WireRequest): Promise<Answer> {
    const agent = this.#agent(request.url);
    try {
      return await exchange(request, agent);
    } catch (error) {
      // A kept socket that the server had closed meanwhile says nothing about the server: once more, on a new one.
      if (request.signal?.aborted || request.body !== undefined || !(error instanceof StaleSocket)) throw unwrap(error);
      return await exchange(request, agent).catch((again: unknown) => Promise.reject(unwrap(again)));
    }
  }

  [Symbol.dispose](): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #agent(url: URL): http.Agent {
    const known = this.#agents.get(url.origin);
    if (known !== undefined) return known;
    const options = { keepAlive: true, maxFreeSockets: 16, scheduling: 'lifo' as const, proxyEnv: this.#env };
    const agent =
      url.protocol === 'http:' ? new http.Agent(options) : new https.Agent({ ...options, ...this.#secure(url.host) });
    if (!usesProxy(this.#env)) readDirectly(agent);
    this.#agents.set(url.origin, agent);
    return agent;
  }

  #secure(host: string): https.AgentOptions {
    const { material, verify } = this.#tls.get(host) ?? this.#tls.get('*') ?? { material: {}, verify: true };
    const { ca, cert, key } = material;
    // One context for all sockets: parsing the list of CAs for each would cost 20 ms.
    const secureContext = createSecureContext({
      ...(ca === undefined ? {} : { ca: [...ca] }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
    });
    return { secureContext, rejectUnauthorized: verify };
  }
}

function usesProxy(env: NodeJS.ProcessEnv): boolean {
  return ['HTTP_PROXY', 'HTTPS_PROXY', 'http_proxy', 'https_proxy'].some((name) => (env[name] ?? '') !== '');
}

/** Reads an answer to its end, for its socket to be used again. */
export function drain(answer: Answer): void {
  answer.stream.on('error', () => {});
  if (answer.early) answer.stream.destroy();
  else answer.stream.resume();
}

/** An error on a socket that had served before and was silent since. */
class StaleSocket extends Error {}

function unwrap(error: unknown): unknown {
  return error instanceof StaleSocket ? error.cause : error;
}

async function exchange(request: WireRequest, agent: http.Agent): Promise<Answer> {
  const { method, url, signal, idle, lookup } = request;
  signal?.throwIfAborted();
  const content = await request.body?.open();
  const headers = {
    ...request.headers,
    ...(request.body === undefined ? {} : { 'Content-Length': request.body.size }),
  };
  return await new Promise<Answer>((resolve, reject) => {
    const options = {
      method,
      headers,
      agent,
      // Node's default of 250 ms per address gives up on slow networks.
      autoSelectFamilyAttemptTimeout: 2000,
      ...(signal === undefined ? {} : { signal }),
      ...(lookup === undefined ? {} : { lookup }),
    };
    const outgoing = url.protocol === 'https:' ? https.request(url, options) : http.request(url, options);
    outgoing.on('timeout', () => outgoing.destroy(timeoutError()));
    outgoing.setTimeout(idle);
    if (request.idleAfter !== undefined) {
      outgoing.on('finish', () => outgoing.setTimeout(request.idleAfter ?? idle));
    }
    outgoing.on('error', (error) => {
      if (content instanceof Readable) content.destroy();
      if (signal?.aborted) reject(signal.reason);
      else reject(outgoing.reusedSocket ? new StaleSocket('stale', { cause: error }) : error);
    });
    outgoing.on('response', (stream) => {
      const early = !outgoing.writableEnded;
      if (early && content instanceof Readable) content.destroy();
      // A body that breaks after its head is for who reads it; without a reader it must not bring the process down.
      stream.on('error', () => {});
      resolve({ status: stream.statusCode ?? 0, headers: stream.headers, stream, url, early });
    });
    if (content === undefined) outgoing.end();
    else if (content instanceof Readable) feed(outgoing, content, request.body);
    else {
      outgoing.end(content);
      request.body?.onBytes?.(content.byteLength);
    }
  });
}

/** Pipes a body into a request; a source that breaks or has another length breaks the request with the reason. */
function feed(outgoing: http.ClientRequest, source: Readable, body: Body | undefined): void {
  let sent = 0;
  source.on('data', (chunk: Buffer) => {
    sent += chunk.length;
    body?.onBytes?.(chunk.length);
  });
  source.on('error', (error) => outgoing.destroy(error));
  source.on('end', () => {
    if (sent === body?.size) outgoing.end();
    else outgoing.destroy(new SealerError('SIZE_MISMATCH', `The content has ${sent} bytes instead of ${body?.size}`));
  });
  outgoing.on('close', () => source.destroy());
  source.pipe(outgoing, { end: false });
}

function timeoutError(): Error {
  return Object.assign(new Error('the connection went silent'), { code: 'ETIMEDOUT' });
}
