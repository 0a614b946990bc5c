import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { pullBlob } from '../../../src/registry/client/index.ts';
import { noise } from '../../lab/scratch.ts';
import { storeOf } from '../../lab/stores.ts';
import { answer, type Responder } from './fake-registry.ts';
import { type Setting, sealerError, setUp } from './setting.ts';

const bytes = noise(300_000);
const blob = describeBytes(bytes, OCI_LAYER);
const GET = /^GET .*\/blobs\/sha256/;

function hold({ registry }: Setting): void {
  registry.blobs.set(blob.digest, bytes);
  registry.held.add(`team/app@${blob.digest}`);
}

async function isWhole(store: Store): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of await store.read(blob.digest)) chunks.push(chunk);
  assert.deepEqual(Buffer.concat(chunks), bytes);
}

/** Sends so many bytes, then cuts the connection. */
function breaksOff(count: number, start = 0): Responder {
  return (_seen, response) => {
    const range = `bytes ${start}-${bytes.length - 1}/${bytes.length}`;
    const head = {
      'Content-Length': bytes.length - start,
      ETag: '"strong"',
      ...(start > 0 ? { 'Content-Range': range } : {}),
    };
    response.writeHead(start > 0 ? 206 : 200, head);
    response.write(bytes.subarray(start, start + count), () => setImmediate(() => response.destroy()));
    return true;
  };
}

test('a download that breaks off goes on where it stopped, with If-Range', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  setting.registry.script(GET, breaksOff(100_000));
  const { moved } = await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  await isWhole(store);
  const [, second] = setting.registry.seen;
  const start = Number(/^bytes=(\d+)-$/.exec(second?.headers.range ?? '')?.[1]);
  assert.ok(start > 0 && start <= 100_000, `starts at ${start}`);
  assert.equal(second?.headers['if-range'], '"strong"');
  assert.equal(moved, bytes.length, 'no byte came twice');
});

test('a registry that ignores Range makes the download begin again, not fail', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  setting.registry.script(GET, breaksOff(100_000), answer(200, {}, bytes));
  await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  await isWhole(store);
});

test('a registry that gives another range than asked makes the download begin again', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  const wrong = answer(206, { 'Content-Range': `bytes 5-${bytes.length - 1}/${bytes.length}` }, bytes.subarray(5));
  setting.registry.script(GET, breaksOff(100_000), wrong);
  await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  await isWhole(store);
  assert.equal(setting.registry.seen[2]?.headers.range, undefined);
});

test('416 makes the download begin again', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  setting.registry.script(GET, breaksOff(100_000), answer(416));
  await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  await isWhole(store);
});

test('what a dead process left is not fetched again', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  {
    await using ingest = await store.ingest({ digest: blob.digest, size: blob.size });
    await ingest.write(bytes.subarray(0, 200_000));
  }
  const pulled = await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  await isWhole(store);
  assert.deepEqual(pulled, { moved: 100_000, reused: 200_000 });
  assert.equal(setting.registry.seen[0]?.headers.range, 'bytes=200000-');
});

test('a broken left-over is thrown away and the blob fetched afresh', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  {
    await using ingest = await store.ingest({ digest: blob.digest, size: blob.size });
    await ingest.write(Buffer.alloc(200_000));
  }
  await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  await isWhole(store);
});

test('altered content of the right size fails with DIGEST_MISMATCH and is not kept', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  setting.registry.always(GET, answer(200, {}, Buffer.alloc(bytes.length)));
  await assert.rejects(pullBlob(setting.client, store, setting.ref('team/app'), blob), sealerError('DIGEST_MISMATCH'));
  assert.equal(await store.stat(blob.digest), undefined);
});

test('a body longer than the descriptor says is not read to its end', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  setting.registry.always(GET, (_seen, response) => {
    response.writeHead(200, { 'Transfer-Encoding': 'chunked' });
    const more = (error?: Error | null) => {
      if (!error) response.write(Buffer.alloc(65536), (again) => setImmediate(more, again));
    };
    more();
    return true;
  });
  await assert.rejects(pullBlob(setting.client, store, setting.ref('team/app'), blob), sealerError('SIZE_MISMATCH'));
});

test('a Content-Length that is not the size fails before a byte is written', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  setting.registry.always(GET, answer(200, {}, 'an error page'));
  await assert.rejects(
    pullBlob(setting.client, store, setting.ref('team/app'), blob),
    sealerError('SIZE_MISMATCH', /13 bytes instead of 300000/),
  );
});

test('a connection that breaks again and again without progress is given up', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  setting.registry.always(GET, (_seen, response) => response.destroy());
  await assert.rejects(
    pullBlob(setting.client, store, setting.ref('team/app'), blob),
    sealerError('REGISTRY_UNREACHABLE', /fetch team\/app@/),
  );
  assert.deepEqual(setting.timing.waits, [500, 1000, 2000, 4000]);
});

test('a blob that is not there fails at once', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  await assert.rejects(
    pullBlob(setting.client, store, setting.ref('team/app'), blob),
    sealerError('IMAGE_NOT_FOUND', /BLOB_UNKNOWN/),
  );
  assert.equal(setting.registry.seen.length, 1);
});

test('a blob that two ask for at the same time is fetched once', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  const ref = setting.ref('team/app');
  const both = await Promise.all([
    pullBlob(setting.client, store, ref, blob),
    pullBlob(setting.client, store, ref, blob),
  ]);
  assert.deepEqual(both.map(({ moved }) => moved).sort(), [0, bytes.length]);
  assert.equal(setting.registry.calls(GET).length, 1);
});

test('an abort ends a download with the reason of the abort', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  const stop = new AbortController();
  setting.registry.always(GET, (_seen, response) => {
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 1000));
    setImmediate(() => stop.abort(new Error('enough')));
    return true;
  });
  const pulling = pullBlob(setting.client, store, setting.ref('team/app'), blob, { signal: stop.signal });
  await assert.rejects(pulling, /enough/);
});

test('one who gives up does not take the blob away from another who waits for it', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  hold(setting);
  const stop = new AbortController();
  setting.registry.script(GET, (_seen, response) => {
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 1000), () => setImmediate(() => stop.abort(new Error('enough'))));
    return true;
  });
  const ref = setting.ref('team/app');
  const first = pullBlob(setting.client, store, ref, blob, { signal: stop.signal });
  const second = pullBlob(setting.client, store, ref, blob);
  await assert.rejects(first, /enough/);
  await second;
  await isWhole(store);
});

test('a silent connection is given up and tried again', async (t) => {
  const setting = await setUp(t, { idle: 100 });
  const store = await storeOf(t);
  hold(setting);
  setting.registry.script(GET, (_seen, response) => {
    response.writeHead(200, { 'Content-Length': bytes.length });
    response.write(bytes.subarray(0, 1000));
    return true;
  });
  await pullBlob(setting.client, store, setting.ref('team/app'), blob);
  await isWhole(store);
});
