import assert from 'node:assert/strict';
import { createServer, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { EngineClient } from '../../../src/container-engine/client.ts';
import { silent } from '../../../src/progress.ts';
import { untilReady } from '../../../src/temp-cluster/until-ready.ts';
import { temporaryFolder } from '../../lab/scratch.ts';

test('a node that ends while the engine is asked for its files is told of by its end and its last lines', async (t) => {
  await using folder = await temporaryFolder('ending-node');
  const socketPath = join(folder.path, 'api.sock');
  const waiting: ServerResponse[] = [];
  const engine = createServer((request, response) => {
    if (request.url?.includes('/wait') === true) waiting.push(response);
    else if (request.url?.includes('/logs') === true) response.end(frame('level=fatal msg="no such luck"\n'));
    else {
      // As podman says it of a process that has just gone; what it ended with is known a moment later.
      response.writeHead(500).end(JSON.stringify({ message: 'open /proc/17623/ns/mnt: no such file or directory' }));
      for (const each of waiting) each.end(JSON.stringify({ StatusCode: 3 }));
    }
  });
  t.after(() => engine.close().closeAllConnections());
  await new Promise<void>((resolve) => engine.listen(socketPath, resolve));
  await assert.rejects(
    untilReady({
      engine: new EngineClient({ socketPath }),
      ...{ container: 'node', network: 'net', scratch: folder.path, startTimeoutMs: 60_000, report: silent },
    }),
    { code: 'CLUSTER_NOT_READY', message: /exit code 3; its last lines:\n {2}level=fatal msg="no such luck"/ },
  );
});

/** A line on standard output as the engine streams it (Docker's API: attach, the stream format). */
function frame(text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = 1;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}
