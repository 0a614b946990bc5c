/** Requests that no decent client sends, byte for byte. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** Opens a connection to `host:port`. */
export async function dial(address: string): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  socket.on('error', () => {});
  await once(socket, 'connect');
  return socket;
}

/** Sends bytes on a new connection and gives all that comes until the server closes it. */
export async function exchange(address: string, bytes: string): Promise<string> {
  const socket = await dial(address);
  socket.write(bytes);
  return await untilClosed(socket);
}

/** All that comes until the server closes the connection. */
export async function untilClosed(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  // Not once(): that would fail on the reset which is just what some wait for.
  if (!socket.closed) await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}
