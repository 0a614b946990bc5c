/**
 * Docker's HTTP API (engine API 1.41; podman speaks it too), as far as a temporary cluster needs it. No dependencies: the
 * watchdog loads this file and little else, and has to be up before anything is created.
 */

import { type IncomingMessage, request } from 'node:http';
import { Socket } from 'node:net';
import type { Connection } from './endpoint.ts';

/** What the engine answered instead of doing what it was asked. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  /** HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With the query, without a version: an engine then speaks its newest. */
  readonly path: string;
  readonly json?: unknown;
  readonly body?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without a byte before the call is given up. Default 30 s; 0 waits for ever. */
  readonly idleMs?: number;
}

/** Answers are short; what is longer is a fault (or a log, which is asked for by lines). */
const MAX_ANSWER = 16 * 1024 * 1024;

/** Speaks to one engine. Holds no connection open. */
export class EngineClient {
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** The answer as it streams in. @throws EngineError, or Node's errors when nobody listens */
  async open({ method, path, json, body, headers = {}, signal, idleMs = 30_000 }: Call): Promise<IncomingMessage> {
    const content = body ?? (json === undefined ? undefined : Buffer.from(JSON.stringify(json)));
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const call = request(
        {
          ...this.#connection,
          agent: false,
          method,
          path,
          ...(signal === undefined ? {} : { signal }),
          headers: {
            Host: 'engine',
            ...(content === undefined ? {} : { 'Content-Length': content.length }),
            ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...headers,
          },
        },
        resolve,
      );
      call.setTimeout(idleMs, () => call.destroy(new Error(`The engine says nothing for ${idleMs / 1000} s`)));
      call.on('error', reject);
      call.end(content);
    });
    const { statusCode = 0 } = response;
    if (statusCode < 400) return response;
    throw new EngineError(statusCode, messageOf(await readAll(response), statusCode));
  }

  /**
   * A connection on which the engine speaks something else than HTTP from now on (engine API, "Hijacking"): exec and attach.
   * @returns the connection, paused, with all that has come already
   */
  async hijack({ method, path, json, signal, idleMs = 30_000 }: Call): Promise<Socket> {
    const content = JSON.stringify(json ?? {});
    const headers = {
      Host: 'engine',
      Connection: 'Upgrade',
      Upgrade: 'tcp',
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(content),
    };
    const { promise, resolve, reject } = Promise.withResolvers<Socket | IncomingMessage>();
    const call = request({ ...this.#connection, agent: false, method, path, headers, ...(signal && { signal }) });
    call.setTimeout(idleMs, () => call.destroy(new Error(`The engine says nothing for ${idleMs / 1000} s`)));
    call.once('error', reject);
    call.once('response', resolve);
    call.once('upgrade', (_answer, socket, head) => {
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      if (socket instanceof Socket) resolve(socket);
      else reject(new Error('The engine answers over something that is no socket'));
    });
    call.end(content);
    const answer = await promise;
    if (answer instanceof Socket) return answer;
    const { statusCode = 0 } = answer;
    const message = messageOf(await readAll(answer), statusCode);
    throw new EngineError(statusCode, statusCode < 400 ? 'The engine does not hand over the connection' : message);
  }

  /** The whole answer as bytes. */
  async bytes(call: Call): Promise<Buffer> {
    return await readAll(await this.open(call));
  }

  /** The whole answer as JSON; undefined when it is empty. */
  async json(call: Call): Promise<unknown> {
    const text = (await this.bytes(call)).toString();
    return text.trim() === '' ? undefined : JSON.parse(text);
  }
}

/** `?a=b&filters={"label":["x=y"]}`: objects are written as JSON, as the API has its filters. */
export function query(values: Readonly<Record<string, string | number | boolean | object | undefined>>): string {
  const params = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) params.set(key, typeof value === 'object' ? JSON.stringify(value) : String(value));
  }
  return `?${params}`;
}

/** Whether the engine says that what was named does not exist. */
export function isGone(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404;
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > MAX_ANSWER) throw new Error('The engine answers with more than it should');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function messageOf(body: Buffer, status: number): string {
  const text = body.toString().trim();
  try {
    const { message } = JSON.parse(text);
    if (typeof message === 'string' && message !== '') return message;
  } catch {}
  return text === '' ? `HTTP status ${status}` : text;
}
