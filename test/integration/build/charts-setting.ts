/** Charts for tests: packed by hand, served by a repository of the test's own. */

import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { dump } from 'js-yaml';
import { type TestEntry, tarOf } from '../../unit/archive/tar.ts';

export interface TestDependency {
  readonly name: string;
  readonly version: string;
  readonly repository: string;
}

const CONFIG_MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n';

/** The files of a chart. */
export function chartFiles(
  name: string,
  version: string,
  dependencies: readonly TestDependency[] = [],
): Record<string, string> {
  const own = dependencies.length === 0 ? {} : { dependencies };
  return {
    'Chart.yaml': dump({ apiVersion: 'v2', name, version, ...own }),
    'templates/config.yaml': CONFIG_MAP,
    'values.yaml': 'image: nginx:1\n',
  };
}

/** A packed chart. */
export function packChart(name: string, version: string, dependencies: readonly TestDependency[] = []): Buffer {
  const files = Object.entries(chartFiles(name, version, dependencies));
  return packed(files.map(([path, content]) => ({ path: `${name}/${path}`, content })));
}

/** Any files as a tar.gz. */
export function packed(entries: readonly TestEntry[]): Buffer {
  return gzipSync(tarOf(entries));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

export interface ChartSite extends AsyncDisposable {
  readonly url: string;
  readonly requests: string[];
  /** What the site has, by path; a function answers anew each time. */
  readonly files: Map<string, Buffer>;
  /** Writes index.yaml over charts: an address and a digest for each version. */
  index(charts: Readonly<Record<string, readonly ListedChart[]>>): void;
}

export interface ListedChart {
  readonly version: string;
  readonly urls: readonly string[];
  readonly digest?: string;
}

/** Serves files by their paths, with ETags. */
export async function startChartSite(): Promise<ChartSite> {
  const requests: string[] = [];
  const files = new Map<string, Buffer>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://site');
    const file = files.get(url.pathname);
    requests.push(`${request.url}`);
    if (file === undefined) return void response.writeHead(404).end();
    const etag = `"${sha256(file)}"`;
    if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
    response.writeHead(200, { etag, 'content-length': file.length }).end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    files,
    index(charts) {
      files.set('/charts/index.yaml', Buffer.from(dump({ apiVersion: 'v1', entries: charts })));
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
