/** The API of a cluster through the connection to one of its masters: nobody else has to be able to reach it. */

import { createServer, type Server, type Socket } from 'node:net';
import type { Host } from '../../hosts/host.ts';

/** A port of this machine that leads to one of a host's. */
export interface Tunnel extends AsyncDisposable {
  /** `127.0.0.1:port`. */
  readonly authority: string;
}

/** Opens a port on loopback; each connection to it goes through the host to `address:port`. */
export async function openTunnel(host: Host, address: string, port: number): Promise<Tunnel> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    // Who asks sees a connection that breaks, and says so.
    socket.on('error', () => socket.destroy());
    void host.forward(address, port).then(
      (stream) => {
        stream.on('error', () => socket.destroy());
        stream.on('close', () => socket.destroy());
        socket.on('close', () => stream.destroy());
        socket.pipe(stream).pipe(socket);
      },
      () => socket.destroy(),
    );
  });
  const local = await listen(server);
  return {
    authority: `127.0.0.1:${local}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  server.unref();
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the tunnel has no port');
  return address.port;
}
