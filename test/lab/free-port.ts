/** A port of loopback, for programs that have to be told one and take it later. */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

const FIRST = 10_000;

/**
 * A TCP port of 127.0.0.1 that nobody listens on. The kernel gives it to nobody meanwhile: it is below those that it takes for
 * port 0 and for the near end of connections, of which the tests that run beside have many.
 */
export async function freePort(): Promise<number> {
  const end = firstOfKernel();
  // Where the kernel takes nearly all of them, there is nothing better than one of its own.
  if (end - FIRST < 1000) return (await listened(0)) ?? freePort();
  for (;;) {
    const port = await listened(randomInt(FIRST, end));
    if (port !== undefined) return port;
  }
}

function firstOfKernel(): number {
  if (process.platform !== 'linux') return 0;
  return Number(/^\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))?.[0] ?? 0);
}

/** Listens there for a moment; undefined where somebody else does. */
async function listened(port: number): Promise<number | undefined> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined;
    throw error;
  }
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
