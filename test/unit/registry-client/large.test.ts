/** Large bodies are read past the HTTP parser; what holds for small ones holds for them, too. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { createDigester } from '../../../src/oci/digest.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import type { Ingest } from '../../../src/oci/store/index.ts';
import { pullBlob } from '../../../src/registry/client/index.ts';
import { noise } from '../../lab/scratch.ts';
import { storeOf } from '../../lab/stores.ts';
import { type Setting, sealerError, setUp } from './setting.ts';

const MB = 1024 * 1024;
const bytes = noise(9 * MB);
const blob = describeBytes(bytes, OCI_LAYER);
const GET = /^GET .*\/blobs\/sha256/;

function hold({ registry }: Setting): void {
  registry.blobs.set(blob.digest, bytes);
  registry.held.add(`team/app@${blob.digest}`);
}

/** An ingest that takes its time, and reads a piece only after it has done so. */
function slowIngest(onPiece: () => void = () => {}): Ingest & { digest(): string; size: number } {
  const digester = createDigester();
  const ingest = {
    offset: 0,
    size: 0,
    async write(piece: Uint8Array) {
      await new Promise((resolve) => setImmediate(resolve));
      onPiece();
      ingest.size += piece.length;
      digester.update(piece);
    },
    restart: async () => assert.fail('restarted'),
    commit: async () => assert.fail('committed'),
    digest: () => digester.digest(),
    [Symbol.asyncDispose]: async () => {},
  };
  return ingest;
}

test('a large blob comes whole, several at once, and the registry serves on', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  const ref = setting.ref('team/app');
  assert.deepEqual(await pullBlob(setting.client, store, ref, blob), { moved: blob.size, reused: 0 });
  const ingests = [slowIngest(), slowIngest(), slowIngest()];
  await Promise.all(ingests.map((ingest) => setting.client.fetchBlob(ref, blob, ingest)));
  for (const ingest of ingests) assert.equal(ingest.digest(), blob.digest);
  assert.ok(await setting.client.hasBlob(ref, blob.digest));
});

test('a large download that breaks off goes on where it stopped', async (t) => {
  const setting = await setUp(t);
  hold(setting);
  setting.registry.script(GET, (_seen, response) => {
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 3 * MB), () => setImmediate(() => response.destroy()));
    return true;
  });
  const ingest = slowIngest();
  let counted = 0;
  await setting.client.fetchBlob(setting.ref('team/app'), blob, ingest, (count) => {
    counted += count;
  });
  assert.equal(ingest.digest(), blob.digest);
  assert.equal(counted, blob.size);
  assert.equal(setting.registry.calls(GET).length, 2);
});

test('more than was announced is not taken for content', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  setting.registry.always(GET, (_seen, response) => {
    response.socket?.write(`HTTP/1.1 200 OK\r\nContent-Length: ${bytes.length}\r\n\r\n`);
    response.socket?.write(bytes);
    response.socket?.end(Buffer.alloc(MB));
    return true;
  });
  await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  assert.equal(await store.stat(blob.digest), blob.size);
});

test('a writer that fails ends the download with its error', async (t) => {
  const setting = await setUp(t);
  hold(setting);
  let pieces = 0;
  const full = slowIngest(() => {
    pieces += 1;
    if (pieces === 3) throw new Error('the disk is full');
  });
  await assert.rejects(setting.client.fetchBlob(setting.ref('team/app'), blob, full), /the disk is full/);
  assert.equal(setting.registry.calls(GET).length, 1);
});

test('an abort ends a large download with its reason', async (t) => {
  const setting = await setUp(t);
  hold(setting);
  const stop = new AbortController();
  const ingest = slowIngest(() => stop.abort(new Error('enough')));
  const fetching = setting.client.fetchBlob(setting.ref('team/app'), blob, ingest, undefined, stop.signal);
  await assert.rejects(fetching, /enough/);
});

test('a large download that goes silent is tried again', async (t) => {
  const setting = await setUp(t, { idle: 200 });
  hold(setting);
  setting.registry.script(GET, (_seen, response) => {
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 2 * MB));
    return true;
  });
  const ingest = slowIngest();
  await setting.client.fetchBlob(setting.ref('team/app'), blob, ingest);
  assert.equal(ingest.digest(), blob.digest);
});

test('altered content of a large blob fails with DIGEST_MISMATCH', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  const altered = Buffer.from(bytes);
  altered[5 * MB] = (altered[5 * MB] ?? 0) ^ 1;
  setting.registry.always(GET, (_seen, response) => {
    response.writeHead(200, { 'Content-Length': altered.length }).end(altered);
    return true;
  });
  await assert.rejects(pullBlob(setting.client, store, setting.ref('team/app'), blob), sealerError('DIGEST_MISMATCH'));
});
