/** A registry in memory that can be told to misbehave: what a test scripts comes first, then what is right. */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

export interface Seen {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  body: Buffer;
}

/** Answers a request by itself; `undefined` lets the registry do it. */
export type Responder = (seen: Seen, response: ServerResponse, request: IncomingMessage) => unknown;

export interface FakeRegistry extends AsyncDisposable {
  /** `127.0.0.1:port`, as in an image's name. */
  readonly address: string;
  readonly url: string;
  /** All requests but the first knock at `/v2/`. */
  readonly seen: Seen[];
  readonly blobs: Map<string, Buffer>;
  /** `repository:reference` → document. */
  readonly manifests: Map<string, { type: string; bytes: Buffer }>;
  /** `repository@digest` of blobs that a repository has. */
  readonly held: Set<string>;
  /** Each responder answers one request whose `METHOD path` matches, in this order. */
  script(pattern: RegExp, ...responders: Responder[]): void;
  /** Answers every such request. */
  always(pattern: RegExp, responder: Responder): void;
  /** `METHOD path` of the requests that match. */
  calls(pattern?: RegExp): string[];
}

export const sha256 = (bytes: Uint8Array): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

/** An answer with a status, headers and a body. */
export function answer(status: number, headers: Record<string, string> = {}, body: string | Buffer = ''): Responder {
  return (_seen, response) => {
    response.writeHead(status, { 'Content-Length': Buffer.byteLength(body), ...headers }).end(body);
    return true;
  };
}

export async function startFakeRegistry(options: { port?: number } = {}): Promise<FakeRegistry> {
  const rules: { pattern: RegExp; responder: Responder; once: boolean }[] = [];
  const seen: Seen[] = [];
  const blobs = new Map<string, Buffer>();
  const manifests = new Map<string, { type: string; bytes: Buffer }>();
  const held = new Set<string>();
  const uploads = new Map<string, Buffer>();
  const sockets = new Set<Socket>();

  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    const record: Seen = { method: request.method ?? '', path, headers: request.headers, body: Buffer.alloc(0) };
    if (!(path === '/v2/' && seen.length === 0 && request.headers.authorization === undefined)) seen.push(record);
    const line = `${record.method} ${path}`;
    const rule = rules.find(({ pattern }) => pattern.test(line));
    if (rule?.once) rules.splice(rules.indexOf(rule), 1);
    const isEarly = rule !== undefined && 'early' in rule.responder;
    if (!isEarly) {
      const chunks: Buffer[] = [];
      try {
        for await (const chunk of request) chunks.push(chunk);
      } catch {
        return;
      }
      record.body = Buffer.concat(chunks);
    }
    if (rule !== undefined && (await rule.responder(record, response, request)) !== undefined) return;
    serve(record, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;

  function serve({ method, path, headers, body }: Seen, response: ServerResponse): unknown {
    const url = new URL(path, `http://${address}`);
    const end = (status: number, head: Record<string, string | number> = {}, content: Buffer | string = '') => {
      response.writeHead(status, { 'Content-Length': Buffer.byteLength(content), ...head });
      response.end(method === 'HEAD' ? undefined : content);
    };
    const complain = (status: number, code: string) =>
      end(status, {}, JSON.stringify({ errors: [{ code, message: code.toLowerCase() }] }));
    if (url.pathname === '/v2/') return end(200);
    const upload = /^\/v2\/(?<repo>.+)\/blobs\/uploads\/(?<id>[^/]*)$/.exec(url.pathname)?.groups;
    if (upload !== undefined) return serveUpload(method, url, upload.repo ?? '', upload.id ?? '', headers, body, end);
    const part = /^\/v2\/(?<repo>.+)\/(?<kind>blobs|manifests|tags|referrers)\/(?<ref>[^/]+)$/.exec(
      url.pathname,
    )?.groups;
    const { repo = '', kind, ref = '' } = part ?? {};
    if (kind === 'blobs') {
      const blob = held.has(`${repo}@${ref}`) ? blobs.get(ref) : undefined;
      if (blob === undefined) return complain(404, 'BLOB_UNKNOWN');
      const start = Number(/^bytes=(\d+)-$/.exec(String(headers.range ?? ''))?.[1] ?? -1);
      const common = { ETag: `"${ref}"`, 'Docker-Content-Digest': ref };
      if (start < 0) return end(200, { ...common, 'Content-Length': blob.length }, blob);
      const range = `bytes ${start}-${blob.length - 1}/${blob.length}`;
      return end(206, { ...common, 'Content-Range': range }, blob.subarray(start));
    }
    if (kind === 'manifests' && method === 'PUT') {
      const type = String(headers['content-type']);
      for (const name of [ref, sha256(body)]) manifests.set(`${repo}:${name}`, { type, bytes: body });
      const subject = JSON.parse(body.toString()).subject?.digest;
      return end(201, { 'Docker-Content-Digest': sha256(body), ...(subject ? { 'OCI-Subject': subject } : {}) });
    }
    if (kind === 'manifests') {
      const found = manifests.get(`${repo}:${ref}`);
      if (found === undefined) return complain(404, 'MANIFEST_UNKNOWN');
      if (method === 'DELETE') return end(202);
      const head = { 'Content-Type': found.type, 'Docker-Content-Digest': sha256(found.bytes) };
      return end(200, { ...head, 'Content-Length': found.bytes.length }, found.bytes);
    }
    return complain(404, 'NAME_UNKNOWN');
  }

  function serveUpload(
    method: string,
    url: URL,
    repo: string,
    id: string,
    headers: Seen['headers'],
    body: Buffer,
    end: (status: number, head?: Record<string, string | number>, content?: string) => unknown,
  ): unknown {
    const digest = url.searchParams.get('digest');
    const at = (name: string) => ({ Location: `/v2/${repo}/blobs/uploads/${name}?state=s` });
    if (method === 'POST') {
      const mount = url.searchParams.get('mount');
      if (mount !== null && held.has(`${url.searchParams.get('from')}@${mount}`)) {
        held.add(`${repo}@${mount}`);
        return end(201);
      }
      const name = `u${uploads.size + 1}`;
      uploads.set(name, Buffer.alloc(0));
      return end(202, at(name));
    }
    const so = uploads.get(id);
    if (so === undefined) return end(404);
    const range = { Range: `0-${Math.max(0, so.length - 1)}` };
    if (method === 'GET') return end(204, { ...at(id), ...range });
    if (method === 'DELETE') return end(204);
    if (method === 'PATCH') {
      const start = Number(String(headers['content-range'] ?? '0').split('-')[0]);
      if (start !== so.length) return end(416, { ...at(id), ...range });
      uploads.set(id, Buffer.concat([so, body]));
      return end(202, { ...at(id), Range: `0-${so.length + body.length - 1}` });
    }
    const whole = Buffer.concat([so, body]);
    if (digest !== sha256(whole)) return end(400, {}, JSON.stringify({ errors: [{ code: 'DIGEST_INVALID' }] }));
    blobs.set(digest, whole);
    held.add(`${repo}@${digest}`);
    return end(201, { 'Docker-Content-Digest': digest });
  }

  return {
    address,
    url: `http://${address}`,
    seen,
    blobs,
    manifests,
    held,
    script: (pattern, ...responders) =>
      rules.push(...responders.map((responder) => ({ pattern, responder, once: true }))),
    always: (pattern, responder) => rules.push({ pattern, responder, once: false }),
    calls: (pattern = /./) => seen.map(({ method, path }) => `${method} ${path}`).filter((line) => pattern.test(line)),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
