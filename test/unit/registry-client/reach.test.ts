/** How long it takes to learn that a host is no registry. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { parseReference } from '../../../src/oci/reference.ts';
import { sealerError, setUp } from './setting.ts';

/** A host that takes connections and never says a word. */
async function silentHost(t: TestContext): Promise<{ address: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => void sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return { address: `127.0.0.1:${address.port}`, sockets };
}

test('who asks on the chance alone waits for a silent host once, and no longer than he said', async (t) => {
  const { client } = await setUp(t);
  const { address, sockets } = await silentHost(t);
  const ask = (name: string) => client.resolve(parseReference(`${address}/${name}`), undefined, { reachWithin: 50 });
  await assert.rejects(ask('a:1'), sealerError('REGISTRY_UNREACHABLE', /does not answer within 0\.1 s/));
  const tried = sockets.size;
  await assert.rejects(ask('b:1'), sealerError('REGISTRY_UNREACHABLE', /does not answer/));
  assert.equal(sockets.size, tried);
});

test('a registry that answers in time is asked as ever', async (t) => {
  const { client, ref } = await setUp(t);
  await assert.rejects(
    client.resolve(ref('team/app:1'), undefined, { reachWithin: 10_000 }),
    sealerError('IMAGE_NOT_FOUND'),
  );
});
