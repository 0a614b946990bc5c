/** Clients that break off, trickle, lie or attack: what they leave, and what the others notice of it. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { expectError, expectStatus, Repository, randomBlob } from '../conformance/client.ts';
import { STORAGES, startRegistry } from '../conformance/registries.ts';
import { dial, exchange, untilClosed } from './raw-http.ts';

for (const kind of STORAGES) {
  describe(`bad clients of a ${kind}`, () => {
    test('a broken connection leaves what arrived, and the client goes on from there', async () => {
      await using registry = await startRegistry(kind);
      const repository = new Repository(registry, 'repo');
      const blob = randomBlob(300_000);
      const location = await repository.start();
      const socket = await dial(registry.address);
      socket.write(`PATCH ${location} HTTP/1.1\r\nHost: ${registry.address}\r\nContent-Length: 300000\r\n\r\n`);
      socket.write(blob.bytes.subarray(0, 100_000));
      socket.end();
      await untilClosed(socket);
      const status = await expectStatus(await repository.get(location), 204);
      const received = Number(status.headers.get('range')?.split('-')[1]) + 1;
      assert.ok(received > 1 && received <= 100_000, `${received}`);
      const rest = blob.bytes.subarray(received);
      const response = await repository.put(location, blob.digest, rest, `${received}-${299_999}`);
      await expectStatus(response, 201);
      await repository.expectBlob(blob);
    });

    test('a client that comes back does not wait for its own dead connection', async () => {
      await using registry = await startRegistry(kind);
      const repository = new Repository(registry, 'repo');
      const blob = randomBlob(200_000);
      const location = await repository.start();
      const stuck = await dial(registry.address);
      const head = `PATCH ${location} HTTP/1.1\r\nHost: ${registry.address}\r\nExpect: 100-continue\r\n`;
      stuck.write(`${head}Content-Length: 200000\r\n\r\n`);
      // The server reads its body from here on.
      await once(stuck, 'data');
      stuck.write('x');
      const closed = untilClosed(stuck);
      // Any range that does not fit tells how far the first request got; it is cut off by then.
      await expectStatus(await repository.patch(location, Buffer.alloc(10), '777-786'), 416);
      await closed;
      await expectStatus(await repository.delete(location), 204);
      const fresh = await repository.start();
      await expectStatus(await repository.put(fresh, blob.digest, blob.bytes), 201);
    });

    test('two clients push the same blob at once, and both succeed', async () => {
      await using registry = await startRegistry(kind);
      const blob = randomBlob(2_000_000);
      const repositories = ['a', 'b', 'a', 'b'].map((name) => new Repository(registry, name));
      await Promise.all(repositories.map((repository) => repository.push(blob)));
      for (const repository of repositories) await repository.expectBlob(blob);
    });

    test('a manifest that is too large, or no manifest, is refused', async () => {
      await using registry = await startRegistry(kind, { limits: { manifestBytes: 10_000 } });
      const repository = new Repository(registry, 'repo');
      const type = 'application/vnd.oci.image.manifest.v1+json';
      await expectError(await repository.putManifest('v1', Buffer.alloc(10_001), type), 413, 'SIZE_INVALID');
      for (const text of ['', 'x', '[]', '{}', '{"schemaVersion":1}', '{"schemaVersion":2,"config":1,"layers":[]}']) {
        await expectError(await repository.putManifest('v1', Buffer.from(text), type), 400, 'MANIFEST_INVALID');
      }
      const index = Buffer.from('{"schemaVersion":2,"manifests":[]}');
      await expectError(await repository.putManifest('v1', index, 'text/html'), 400, 'MANIFEST_INVALID');
      const both = Buffer.from('{"schemaVersion":2,"manifests":[],"layers":[]}');
      await expectError(await repository.putManifest('v1', both, type), 400, 'MANIFEST_INVALID');
    });

    test('a blob beyond the limit is refused, told or not', async () => {
      await using registry = await startRegistry(kind, { limits: { blobBytes: 1000 } });
      const repository = new Repository(registry, 'repo');
      const blob = randomBlob(1001);
      await expectError(await repository.put(await repository.start(), blob.digest, blob.bytes), 413, 'SIZE_INVALID');
      const body = ReadableStream.from([blob.bytes.subarray(0, 600), blob.bytes.subarray(600)]);
      const response = await repository.request('PATCH', await repository.start(), { body, duplex: 'half' });
      await expectError(response, 413, 'SIZE_INVALID');
    });
  });
}

test('headers that never end, and bodies that trickle, are cut off', async () => {
  const limits = { headerMs: 200, idleMs: 60_000, bodyMs: 200, bodyBytes: 1000 };
  await using registry = await startRegistry('folder', { limits });
  const slow = await dial(registry.address);
  slow.write('GET /v2/ HTTP/1.1\r\nHost: x\r\n');
  const location = await new Repository(registry, 'repo').start();
  const trickle = await dial(registry.address);
  trickle.write(`PATCH ${location} HTTP/1.1\r\nHost: ${registry.address}\r\nContent-Length: 100000\r\n\r\n`);
  const drip = setInterval(() => trickle.write('x'), 20);
  await Promise.all([untilClosed(slow), untilClosed(trickle)]);
  clearInterval(drip);
});

test('a connection on which nothing happens is closed', async () => {
  await using registry = await startRegistry('folder', { limits: { idleMs: 100 } });
  await untilClosed(await dial(registry.address));
});

test('bytes that are no HTTP, and paths that lead out, get an error and nothing else', async () => {
  await using registry = await startRegistry('folder');
  assert.match(await exchange(registry.address, 'EHLO registry\r\n\r\n'), /^HTTP\/1.1 400/);
  for (const path of [
    '/v2/../../../etc/passwd',
    '/v2/%2e%2e/%2e%2e/manifests/v1',
    '/v2/a/blobs/../../../../etc/passwd',
    '/v2/a/blobs/uploads/..%2f..%2f..',
    '//etc/passwd',
    '/v2/a/manifests/%00',
  ]) {
    const request = `GET ${path} HTTP/1.1\r\nHost: ${registry.address}\r\nConnection: close\r\n\r\n`;
    assert.match(await exchange(registry.address, request), /^HTTP\/1.1 40[04]/, path);
  }
});

test('a client that asks before it sends is refused before it has sent', async () => {
  await using registry = await startRegistry('folder', { readOnly: true });
  const head = `PUT /v2/a/manifests/v1 HTTP/1.1\r\nHost: ${registry.address}\r\nExpect: 100-continue\r\n`;
  const answer = await exchange(registry.address, `${head}Connection: close\r\nContent-Length: 5\r\n\r\n`);
  assert.match(answer, /^HTTP\/1.1 405/);
});

test('an upload is gone on with after the registry was started anew', async () => {
  await using folder = await temporaryFolder();
  const blob = randomBlob(100_000);
  let location = '';
  {
    await using registry = await serveRegistry({ storage: folderStorage(folder.path) });
    const repository = new Repository(registry, 'repo');
    location = await repository.start();
    await expectStatus(await repository.patch(location, blob.bytes.subarray(0, 60_000), '0-59999'), 202);
  }
  await using registry = await serveRegistry({ storage: folderStorage(folder.path) });
  const repository = new Repository(registry, 'repo');
  const rest = blob.bytes.subarray(60_000);
  await expectStatus(await repository.put(location, blob.digest, rest, '60000-99999'), 201);
  await repository.expectBlob(blob);
});

test('an upload that nobody went on with for a week is removed', async () => {
  await using registry = await startRegistry('folder');
  const repository = new Repository(registry, 'repo');
  await repository.start();
  const uploads = join(registry.root, 'docker/registry/v2/repositories/repo/_uploads');
  const [old = ''] = await readdir(uploads);
  const longAgo = new Date(Date.now() - 8 * 24 * 3600_000);
  await utimes(join(uploads, old, 'data'), longAgo, longAgo);
  await repository.start();
  await assert.rejects(stat(join(uploads, old)), { code: 'ENOENT' });
  assert.equal((await readdir(uploads)).length, 1);
});

test('the end of a registry cuts what is under way and leaves no half blob', async () => {
  await using folder = await temporaryFolder();
  const registry = await serveRegistry({ storage: folderStorage(folder.path) });
  const location = await new Repository(registry, 'repo').start();
  const socket = await dial(registry.address);
  socket.write(`PATCH ${location} HTTP/1.1\r\nHost: ${registry.address}\r\nContent-Length: 1000\r\n\r\nabc`);
  const closed = untilClosed(socket);
  await registry[Symbol.asyncDispose]();
  await closed;
  await assert.rejects(fetch(registry.url));
  await assert.rejects(stat(join(folder.path, 'docker/registry/v2/blobs')), { code: 'ENOENT' });
});
