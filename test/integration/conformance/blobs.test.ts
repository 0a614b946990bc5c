/** Blobs, pushed and pulled in every way that the spec knows, by both digest algorithms (facts: "sha256 blobs" …). */

import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Algorithm, blobOf, expectError, expectStatus, locationOf, Repository, randomBlob } from './client.ts';
import { registryOf, STORAGES } from './registries.ts';

const CHUNK = 1024;

for (const kind of STORAGES) {
  for (const algorithm of ['sha256', 'sha512'] as const satisfies readonly Algorithm[]) {
    describe(`${algorithm} blobs in a ${kind}`, () => {
      const registry = registryOf(kind);
      const repository = new Repository(registry, 'conformance/repo1');
      const other = new Repository(registry, 'conformance/repo2');
      const random = (size?: number) => randomBlob(size, algorithm);
      const start = () => repository.start(`?digest-algorithm=${algorithm}`);

      test('get-missing: a blob that nobody pushed is unknown', async () => {
        const { digest } = random();
        await expectError(await repository.get(`blobs/${digest}`), 404, 'BLOB_UNKNOWN');
        await expectStatus(await repository.head(`blobs/${digest}`), 404);
        await expectError(await repository.delete(`blobs/${digest}`), 404, 'BLOB_UNKNOWN');
      });

      test('post only: one request pushes a blob', async () => {
        const blob = random();
        const response = await repository.request('POST', `blobs/uploads/?digest=${blob.digest}`, {
          body: new Uint8Array(blob.bytes),
        });
        assert.equal(locationOf(await expectStatus(response, 201)), `/v2/${repository.name}/blobs/${blob.digest}`);
        await repository.expectBlob(blob);
      });

      test('post+put: an upload is started, then filled and ended at once', async () => {
        const blob = random();
        const response = await repository.put(await start(), blob.digest, blob.bytes);
        const pulled = await repository.get(locationOf(await expectStatus(response, 201)));
        assert.deepEqual(Buffer.from(await pulled.arrayBuffer()), blob.bytes);
      });

      test('put tells the algorithm late: the digest is checked all the same', async () => {
        const blob = random();
        const location = await repository.start();
        await expectStatus(await repository.patch(location, blob.bytes), 202);
        await expectStatus(await repository.put(location, blob.digest), 201);
        await repository.expectBlob(blob);
      });

      for (const last of ['patch', 'put'] as const) {
        test(`chunked, the last by ${last}: chunks come in order, and each answer says how far`, async () => {
          const blob = random(CHUNK * 3 - 5);
          let location = await start();
          for (let from = 0; from < blob.bytes.length; from += CHUNK) {
            const chunk = blob.bytes.subarray(from, from + CHUNK);
            const range = `${from}-${from + chunk.length - 1}`;
            if (last === 'put' && from + CHUNK >= blob.bytes.length) {
              await expectStatus(await repository.put(location, blob.digest, chunk, range), 201);
              continue;
            }
            const response = await expectStatus(await repository.patch(location, chunk, range), 202);
            assert.equal(response.headers.get('range'), `0-${from + chunk.length - 1}`);
            location = locationOf(response);
          }
          if (last === 'patch') await expectStatus(await repository.put(location, blob.digest), 201);
          await repository.expectBlob(blob);
        });

        test(`chunked out-of-order, by ${last}: 416, and the status says where to go on`, async () => {
          const blob = random(CHUNK * 2);
          const [first, second] = [blob.bytes.subarray(0, CHUNK), blob.bytes.subarray(CHUNK)];
          const location = await start();
          await expectStatus(await repository.patch(location, second, `${CHUNK}-${2 * CHUNK - 1}`), 416);
          await expectStatus(await repository.patch(location, first, `0-${CHUNK - 1}`), 202);
          await expectStatus(await repository.patch(location, first, `0-${CHUNK - 1}`), 416);
          const wrong = `${CHUNK + 1}-${2 * CHUNK}`;
          if (last === 'patch') await expectStatus(await repository.patch(location, second, wrong), 416);
          else await expectStatus(await repository.put(location, blob.digest, second, wrong), 416);
          const status = await expectStatus(await repository.get(location), 204);
          assert.equal(status.headers.get('range'), `0-${CHUNK - 1}`);
          const right = `${CHUNK}-${2 * CHUNK - 1}`;
          await expectStatus(await repository.put(locationOf(status), blob.digest, second, right), 201);
          await repository.expectBlob(blob);
        });
      }

      test('a chunk whose range and length disagree is refused', async () => {
        const location = await start();
        await expectError(await repository.patch(location, Buffer.alloc(10), '0-4'), 400, 'SIZE_INVALID');
        await expectError(await repository.patch(location, Buffer.alloc(10), 'x-y'), 400, 'BLOB_UPLOAD_INVALID');
      });

      test('stream: a body of unknown length without a range', async () => {
        const blob = random(CHUNK * 100);
        const location = await start();
        const body = ReadableStream.from([blob.bytes.subarray(0, 7), blob.bytes.subarray(7)]);
        const response = await repository.request('PATCH', location, { body, duplex: 'half' });
        const next = locationOf(await expectStatus(response, 202));
        await expectStatus(await repository.put(next, blob.digest), 201);
        await repository.expectBlob(blob);
      });

      test('mount: a blob of another repository is there at once', async () => {
        const blob = random();
        await other.push(blob);
        const response = await repository.request('POST', `blobs/uploads/?mount=${blob.digest}&from=${other.name}`);
        assert.equal(locationOf(await expectStatus(response, 201)), `/v2/${repository.name}/blobs/${blob.digest}`);
        await repository.expectBlob(blob);
      });

      test('mount anonymous: it need not be said from where', async () => {
        const blob = random();
        await other.push(blob);
        await expectStatus(await repository.head(`blobs/${blob.digest}`), 404);
        await expectStatus(await repository.request('POST', `blobs/uploads/?mount=${blob.digest}`), 201);
        await repository.expectBlob(blob);
      });

      test('mount missing: an upload is started instead', async () => {
        const blob = random();
        const response = await repository.request('POST', `blobs/uploads/?mount=${blob.digest}&from=${other.name}`);
        const location = locationOf(await expectStatus(response, 202));
        await expectStatus(await repository.put(location, blob.digest, blob.bytes), 201);
        await repository.expectBlob(blob);
      });

      test('post cancel: a cancelled upload is unknown, and its blob too', async () => {
        const blob = random();
        const location = await start();
        await expectStatus(await repository.patch(location, blob.bytes), 202);
        await expectStatus(await repository.delete(location), 204);
        await expectError(await repository.get(location), 404, 'BLOB_UPLOAD_UNKNOWN');
        await expectError(await repository.put(location, blob.digest), 404, 'BLOB_UPLOAD_UNKNOWN');
        await expectStatus(await repository.head(`blobs/${blob.digest}`), 404);
      });

      test('range requests: parts of a blob, and 416 beyond it', async () => {
        const blob = random(2048);
        await repository.push(blob);
        const expected: readonly [string, number, number][] = [
          ['500-1499', 500, 1500],
          ['500-', 500, 2048],
          ['-500', 1548, 2048],
          ['2000-5000', 2000, 2048],
        ];
        for (const [range, from, to] of expected) {
          const path = `blobs/${blob.digest}`;
          const response = await expectStatus(await repository.get(path, { Range: `bytes=${range}` }), 206);
          assert.equal(response.headers.get('content-range'), `bytes ${from}-${to - 1}/2048`);
          assert.equal(response.headers.get('content-length'), String(to - from));
          assert.equal(response.headers.get('accept-ranges'), 'bytes');
          assert.deepEqual(Buffer.from(await response.arrayBuffer()), blob.bytes.subarray(from, to));
        }
        for (const range of ['500-0', '5000-10000']) {
          await expectStatus(await repository.get(`blobs/${blob.digest}`, { Range: `bytes=${range}` }), 416);
        }
      });

      test('empty blob, and the empty JSON', async () => {
        for (const content of ['', '{}']) {
          const blob = blobOf(content, algorithm);
          await repository.push(blob);
          await repository.expectBlob(blob);
        }
      });

      test('bad digest: what is not what it is called is refused, in every way of pushing', async () => {
        const { digest } = random();
        const wrong = Buffer.from('oh no');
        const postOnly = await repository.request('POST', `blobs/uploads/?digest=${digest}`, {
          body: new Uint8Array(wrong),
        });
        await expectError(postOnly, 400, 'DIGEST_INVALID');
        await expectError(await repository.put(await start(), digest, wrong), 400, 'DIGEST_INVALID');
        const location = await start();
        await expectStatus(await repository.patch(location, wrong, '0-4'), 202);
        await expectError(await repository.put(location, digest), 400, 'DIGEST_INVALID');
        await expectStatus(await repository.head(`blobs/${digest}`), 404);
      });

      test('delete: a deleted blob is gone from its repository only', async () => {
        const blob = random();
        await repository.push(blob);
        await other.push(blob);
        await expectStatus(await repository.delete(`blobs/${blob.digest}`), 202);
        await expectStatus(await repository.head(`blobs/${blob.digest}`), 404);
        await expectStatus(await repository.delete(`blobs/${blob.digest}`), 404);
        await other.expectBlob(blob);
      });

      test('if-none-match: who has a blob gets no bytes', async () => {
        const blob = random();
        await repository.push(blob);
        const etag = (await repository.head(`blobs/${blob.digest}`)).headers.get('etag') ?? '';
        const response = await repository.get(`blobs/${blob.digest}`, { 'If-None-Match': etag });
        await expectStatus(response, 304);
        assert.equal((await response.arrayBuffer()).byteLength, 0);
      });
    });
  }
}
