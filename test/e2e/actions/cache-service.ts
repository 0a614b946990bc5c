/** GitHub's cache service (v2) in small, on loopback: enough for the real `@actions/cache` client. */

import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer, json } from 'node:stream/consumers';

export interface CacheService extends AsyncDisposable {
  /** What the runner gives to JavaScript actions, that they may use the cache. */
  readonly runtime: Readonly<Record<string, string>>;
}

interface Entry {
  readonly key: string;
  readonly version: string;
  content: Buffer;
  isWhole: boolean;
}

/**
 * Starts the service; it keeps everything in memory.
 * @param token is what it wants from its callers
 */
export async function startCacheService(token: string): Promise<CacheService> {
  const entries: Entry[] = [];
  let url = '';

  const call = (method: string, { key, version, restore_keys = [], restoreKeys = restore_keys }: Request): object => {
    const find = (wanted: string, exactly: boolean): Entry | undefined =>
      entries.findLast(
        (each) =>
          each.isWhole && each.version === version && (exactly ? each.key === wanted : each.key.startsWith(wanted)),
      );
    switch (method) {
      case 'CreateCacheEntry':
        if (find(key, true) !== undefined) return { ok: false };
        entries.push({ key, version, content: Buffer.alloc(0), isWhole: false });
        return { ok: true, signed_upload_url: `${url}/account/cache/${entries.length - 1}?sig=test` };
      case 'FinalizeCacheEntryUpload': {
        const id = entries.findLastIndex((each) => each.key === key && each.version === version);
        const entry = entries[id];
        if (entry !== undefined) entry.isWhole = true;
        return { ok: entry !== undefined, entry_id: `${id + 1}` };
      }
      case 'GetCacheEntryDownloadURL': {
        const found =
          find(key, true) ?? restoreKeys.map((each) => find(each, false)).find((each) => each !== undefined);
        if (found === undefined) return { ok: false };
        return {
          ok: true,
          signed_download_url: `${url}/account/cache/${entries.indexOf(found)}?sig=test`,
          matched_key: found.key,
        };
      }
      default:
        throw new Error(`unknown method ${method}`);
    }
  };

  const server = createServer(async (request, response) => {
    const path = new URL(request.url ?? '/', 'http://service').pathname;
    const method = /^\/twirp\/github\.actions\.results\.api\.v1\.CacheService\/(\w+)$/.exec(path)?.[1];
    const entry = entries[Number(/^\/account\/cache\/(\d+)$/.exec(path)?.[1] ?? -1)];
    if (method !== undefined && request.headers.authorization !== `Bearer ${token}`) {
      response
        .writeHead(401, { 'content-type': 'application/json' })
        .end('{"code":"unauthenticated","msg":"no token"}');
    } else if (method !== undefined) {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(call(method, await readRequest(request))));
    } else if (entry !== undefined && request.method === 'PUT') {
      entry.content = await buffer(request);
      response
        .writeHead(201, { 'x-ms-request-id': 'test', etag: '"x"', 'last-modified': new Date().toUTCString() })
        .end();
    } else if (entry !== undefined) {
      response.writeHead(200, { 'content-length': entry.content.length }).end(entry.content);
    } else response.writeHead(404).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  url = `http://127.0.0.1:${address.port}`;
  return {
    runtime: { ACTIONS_CACHE_SERVICE_V2: 'True', ACTIONS_RESULTS_URL: `${url}/`, ACTIONS_RUNTIME_TOKEN: token },
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close').catch(() => {});
    },
  };
}

interface Request {
  readonly key: string;
  readonly version: string;
  readonly restore_keys?: readonly string[];
  readonly restoreKeys?: readonly string[];
}

async function readRequest(request: IncomingMessage): Promise<Request> {
  return (await json(request)) as Request;
}
