/** Hosts of the internet that are servers of this machine: a proxy (`HTTPS_PROXY`) leads to them, and to nothing else. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Internet extends AsyncDisposable {
  /** For `HTTPS_PROXY`. */
  readonly proxy: string;
  /** Which hosts were asked for, in order, also those that are not there. */
  readonly asked: readonly string[];
}

/**
 * Opens the proxy.
 * @param ports of loopback, by host: `{ 'ghcr.io': 40123 }`
 */
export async function openInternet(ports: Readonly<Record<string, number>>): Promise<Internet> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_, response) => response.writeHead(501).end());
  server.on('connect', ({ url = '' }, client: Socket) => {
    const host = url.replace(/:443$/, '');
    asked.push(host);
    const port = ports[host];
    sockets.add(client);
    client.on('error', () => {}).on('close', () => sockets.delete(client));
    if (port === undefined) {
      client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
      return;
    }
    const target = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n');
      target.pipe(client).pipe(target);
    });
    sockets.add(target);
    target.on('error', () => client.destroy()).on('close', () => sockets.delete(target));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no address');
  return {
    proxy: `http://127.0.0.1:${address.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      server.closeAllConnections();
      await once(server, 'close').catch(() => {});
    },
  };
}
