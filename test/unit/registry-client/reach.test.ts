/** How long it takes to learn that a host is no registry. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { parseReference } from '../../../src/oci/reference.ts';
import { sealerError, setUp } from './setting.ts';

/** A host that takes connections and never says a word. */
async function silentHost(t: TestContext): Promise<{ address: string; connections: () => Promise<number> }> {
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
  // What is asked goes on behind who does not wait for it. Connections are accepted in their order: where this one of our
  // own is seen, all that came before it are.
  const connections = async () => {
    while (sockets.size === 0) await setImmediate(undefined, { signal: t.signal });
    const probe = connect(address.port, '127.0.0.1');
    await once(probe, 'connect');
    while (![...sockets].some(({ remotePort }) => remotePort === probe.localPort))
      await setImmediate(undefined, { signal: t.signal });
    probe.destroy();
    return sockets.size;
  };
  return { address: `127.0.0.1:${address.port}`, connections };
}

test('who asks on the chance alone waits for a silent host once, and no longer than he said', {
  timeout: 60_000,
}, async (t) => {
  const { client } = await setUp(t);
  const { address, connections } = await silentHost(t);
  const ask = (name: string) => client.resolve(parseReference(`${address}/${name}`), undefined, { reachWithin: 50 });
  await assert.rejects(ask('a:1'), sealerError('REGISTRY_UNREACHABLE', /does not answer within 0\.1 s/));
  const tried = await connections();
  await assert.rejects(ask('b:1'), sealerError('REGISTRY_UNREACHABLE', /does not answer/));
  assert.equal(await connections(), tried + 1, 'none but ours came');
});

test('a registry that answers in time is asked as ever', async (t) => {
  const { client, ref } = await setUp(t);
  await assert.rejects(
    client.resolve(ref('team/app:1'), undefined, { reachWithin: 10_000 }),
    sealerError('IMAGE_NOT_FOUND'),
  );
});
