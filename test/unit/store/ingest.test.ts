import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import { type IngestOptions, Store } from '../../../src/oci/store/index.ts';
import { startChild } from './child.ts';
import { temporaryFolder, temporaryStore } from './folder.ts';

const MIB = 1024 * 1024;

async function put(store: Store, content: Uint8Array, options: IngestOptions = {}) {
  await using ingest = await store.ingest(options);
  await ingest.write(content.subarray(ingest.offset));
  return await ingest.commit();
}

function blobFile(store: Store, digest: Digest): string {
  return join(store.root, 'blobs', ...digest.split(':'));
}

async function partials(store: Store): Promise<string[]> {
  return await readdir(join(store.root, 'ingest'));
}

test('content comes back as it went in, in chunks of any size', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.alloc(3 * MIB + 7, 'sealer');
  await using ingest = await store.ingest();
  const sizes = [1, 65_536, MIB, 2, MIB - 1];
  for (let at = 0, i = 0; at < content.length; i++) {
    const end = Math.min(content.length, at + (sizes[i % sizes.length] ?? 1));
    // The chunk is overwritten after the call, as a socket's buffer would be.
    const chunk = Buffer.from(content.subarray(at, end));
    await ingest.write(chunk);
    chunk.fill(0);
    at = end;
  }
  const { digest, size, stored } = await ingest.commit();
  assert.equal(digest, digestOf(content));
  assert.equal(size, content.length);
  assert.deepEqual(stored, { digest, size });
  assert.deepEqual(await buffer(await store.read(digest)), content);
  assert.equal(await store.stat(digest), content.length);
  assert.deepEqual(await buffer(await store.read(digest, { start: 5, end: 9 })), content.subarray(5, 10));
  assert.deepEqual(await partials(store), []);
});

test('empty content is content', async (t) => {
  const store = await temporaryStore(t);
  const { digest } = await put(store, Buffer.alloc(0));
  assert.equal(await store.stat(digest), 0);
  assert.equal((await buffer(await store.read(digest))).length, 0);
});

test('sha512 content is kept and checked under its own algorithm', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.from('sha512 content');
  const digest = digestOf(content, 'sha512');
  assert.equal((await put(store, content, { digest })).digest, digest);
  assert.deepEqual(await store.bytes(digest), content);
});

test('content with another digest is refused, and nothing is left of it', async (t) => {
  const store = await temporaryStore(t);
  const digest = digestOf('what was promised');
  await assert.rejects(put(store, Buffer.from('what came'), { digest }), { code: 'DIGEST_MISMATCH' });
  assert.equal(await store.stat(digest), undefined);
  assert.deepEqual(await partials(store), []);
});

test('content that goes on beyond its size is refused at once', async (t) => {
  const store = await temporaryStore(t);
  await using ingest = await store.ingest({ digest: digestOf('1234'), size: 4 });
  assert.throws(() => ingest.write(Buffer.from('12345')), { code: 'SIZE_MISMATCH' });
  await ingest[Symbol.asyncDispose]();
  assert.deepEqual(await partials(store), []);
});

test('content that breaks off is resumed where it broke off', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.alloc(2 * MIB, 'resumable');
  const options = { digest: digestOf(content), size: content.length };
  await assert.rejects(put(store, content.subarray(0, 1_500_000), options), { code: 'SIZE_MISMATCH' });
  await using ingest = await store.ingest(options);
  assert.equal(ingest.offset, 1_500_000);
  await ingest.write(content.subarray(ingest.offset));
  await ingest.commit();
  assert.deepEqual(await buffer(await store.read(options.digest)), content);
});

test('a partial can be forgotten, and the content written from its beginning', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.from('from the beginning');
  const wrapping = { prefix: Buffer.from('<<'), suffix: Buffer.from('>>') };
  const options = { digest: digestOf(content), size: content.length, ...wrapping };
  {
    await using ingest = await store.ingest(options);
    await ingest.write(Buffer.from('wrong!'));
  }
  await using ingest = await store.ingest(options);
  assert.equal(ingest.offset, 6);
  await ingest.restart();
  assert.equal(ingest.offset, 0);
  await ingest.write(content);
  await ingest.commit();
  assert.deepEqual(await buffer(await store.read(options.digest)), content);
});

test('a partial with wrong content fails once and does not come back', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.from('right content');
  const options = { digest: digestOf(content), size: content.length };
  {
    await using ingest = await store.ingest(options);
    await ingest.write(Buffer.from('wrong'));
  }
  await assert.rejects(put(store, content, options), { code: 'DIGEST_MISMATCH' });
  await put(store, content, options);
  assert.deepEqual(await store.bytes(options.digest), content);
});

test('a complete partial needs nothing more, and a complete but wrong one is begun anew', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.from('all of it');
  const options = { digest: digestOf(content), size: content.length };
  for (const left of [content, Buffer.from('not of it')]) {
    {
      await using ingest = await store.ingest(options);
      if (ingest.offset > 0) await ingest.restart();
      await ingest.write(left);
    }
    await using ingest = await store.ingest(options);
    assert.equal(ingest.offset, left === content ? content.length : 0);
    await ingest.restart();
  }
});

test('after kill -9 another process writes only the rest', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.alloc(8 * MIB, 'x');
  const options = { digest: digestOf(content), size: content.length };
  const child = startChild(t, 'ingest-until-killed', store.root, options.digest, '5');
  await once(child, 'message');
  {
    await using other = await store.ingest(options);
    assert.equal(other.offset, 0, 'a partial of a living process is left alone');
    await other.restart();
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
  await using ingest = await store.ingest(options);
  assert.ok(ingest.offset >= 5 * MIB, `resumes at ${ingest.offset}`);
  await ingest.write(content.subarray(ingest.offset));
  assert.equal((await ingest.commit()).digest, options.digest);
  assert.deepEqual(await partials(store), []);
});

test('an aborted ingest stops, and keeps what it has for the next one', async (t) => {
  const store = await temporaryStore(t);
  const abort = new AbortController();
  const options = { digest: digestOf('abcdef'), size: 6 };
  {
    await using ingest = await store.ingest({ ...options, signal: abort.signal });
    await ingest.write(Buffer.from('abc'));
    abort.abort(new Error('enough'));
    assert.throws(() => ingest.write(Buffer.from('def')), /enough/);
    await assert.rejects(ingest.commit(), /enough/);
  }
  await using ingest = await store.ingest(options);
  assert.equal(ingest.offset, 3);
});

test('wrapped content is one file, found under both digests', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.alloc(MIB + 11, 'inner');
  const prefix = Buffer.alloc(512, 'head');
  const suffix = Buffer.alloc(1024);
  const { digest, size, stored } = await put(store, content, { digest: digestOf(content), prefix, suffix });
  const whole = Buffer.concat([prefix, content, suffix]);
  assert.deepEqual(stored, { digest: digestOf(whole), size: whole.length });
  assert.deepEqual(await readdir(join(store.root, 'blobs', 'sha256')), [stored.digest.slice(7)]);
  assert.equal(await store.stat(digest), size);
  assert.deepEqual(await buffer(await store.read(digest)), content);
  assert.deepEqual(await buffer(await store.read(digest, { start: 3, end: 7 })), content.subarray(3, 8));
  assert.deepEqual(await buffer(await store.read(stored.digest)), whole);
  assert.deepEqual(await store.locate(digest), { file: blobFile(store, stored.digest), offset: 512, size });
});

test('wrapped content is resumed inside its wrapping, with and without knowing its size', async (t) => {
  const store = await temporaryStore(t);
  for (const size of [6, undefined]) {
    const content = Buffer.from(size === undefined ? 'UVWXYZ' : 'uvwxyz');
    const options = { digest: digestOf(content), size, prefix: Buffer.from('['), suffix: Buffer.from(']') };
    {
      await using ingest = await store.ingest(options);
      await ingest.write(content.subarray(0, 4));
    }
    await using ingest = await store.ingest(options);
    // Without the size, the last byte could be the suffix already.
    assert.equal(ingest.offset, size === undefined ? 3 : 4);
    await ingest.write(content.subarray(ingest.offset));
    assert.equal((await ingest.commit()).stored.digest, digestOf(`[${content}]`));
  }
});

test('an alias whose blob is gone, too short or altered counts as absent', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.from('content inside');
  const wrapping = { digest: digestOf(content), prefix: Buffer.from('('), suffix: Buffer.from(')') };
  const alias = join(store.root, 'aliases', ...digestOf(content).split(':'));

  const { digest, stored } = await put(store, content, wrapping);
  await writeFile(blobFile(store, stored.digest), '(content');
  assert.equal(await store.stat(digest), undefined);
  await assert.rejects(stat(alias), { code: 'ENOENT' });

  await put(store, content, wrapping);
  await writeFile(blobFile(store, stored.digest), '(CONTENT inside)');
  await assert.rejects(store.bytes(digest), { code: 'DIGEST_MISMATCH' });
  assert.equal(await store.stat(digest), undefined);

  await put(store, content, wrapping);
  await writeFile(alias, 'not JSON');
  assert.equal(await store.stat(digest), undefined);
  assert.equal(await store.stat(stored.digest), stored.size);
});

test('an altered blob fails the reader before its last bytes and is removed', async (t) => {
  const store = await temporaryStore(t);
  const { digest } = await store.add(Buffer.from('original'), OCI_LAYER);
  await writeFile(blobFile(store, digest), 'altered!');
  await assert.rejects(buffer(await store.read(digest)), { code: 'DIGEST_MISMATCH' });
  assert.equal(await store.stat(digest), undefined);
  await assert.rejects(store.read(digest), { code: 'IMAGE_NOT_FOUND' });
});

test('processes that store the same content at once end with one good blob', async (t) => {
  const folder = await temporaryFolder(t);
  const stores = await Promise.all([1, 2, 3].map(() => Store.open(join(folder, 'store'))));
  const content = Buffer.alloc(3 * MIB, 'same');
  const digest = digestOf(content);
  await Promise.all(stores.map((store) => put(store, content, { digest, size: content.length })));
  assert.deepEqual(await readFile(join(folder, 'store', 'blobs', ...digest.split(':'))), content);
  for (const store of stores) await store[Symbol.asyncDispose]();
});
