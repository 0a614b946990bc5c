import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { storeAsGzip } from '../../../src/oci/compress/index.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER } from '../../../src/oci/media-types.ts';
import { type IngestOptions, Store } from '../../../src/oci/store/index.ts';
import { bracketed, brackets } from './brackets.ts';
import { runChild, startChild } from './child.ts';
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

/** Leaves a partial with these very bytes, as a killed process would. */
async function plantPartial(store: Store, options: IngestOptions, bytes: string): Promise<void> {
  {
    await using ingest = await store.ingest(options);
    if (ingest.offset > 0) await ingest.restart();
    await ingest.write(Buffer.from('x'));
  }
  const [name] = await partials(store);
  await writeFile(join(store.root, 'ingest', name ?? ''), bytes);
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
  const options = { digest: digestOf(content), size: content.length, envelope: brackets };
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

test('content in an envelope is one file, found under both digests', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.alloc(3 * 1024 + 11, 'inner');
  const { digest, size, stored, unframed } = await put(store, content, {
    digest: digestOf(content),
    envelope: brackets,
  });
  const whole = Buffer.from(bracketed(content.toString()));
  assert.deepEqual(stored, { digest: digestOf(whole), size: whole.length });
  assert.equal(unframed, digestOf(`<${content}`));
  assert.deepEqual(await readdir(join(store.root, 'blobs', 'sha256')), [stored.digest.slice(7)]);
  assert.equal(await store.stat(digest), size);
  assert.deepEqual(await buffer(await store.read(digest)), content);
  assert.deepEqual(await buffer(await store.read(stored.digest)), whole);
  assert.deepEqual(await store.locate(stored.digest), { file: blobFile(store, stored.digest), size: whole.length });
  assert.equal(await store.locate(digest), undefined, 'there is no file that could be copied');
});

test('any range of content in an envelope can be read', async (t) => {
  const store = await temporaryStore(t);
  const content = 'abcdefghijklm';
  const { digest } = await put(store, Buffer.from(content), { envelope: brackets });
  for (let start = 0; start <= content.length; start++) {
    for (let end = start - 1; end <= content.length; end++) {
      const read = await buffer(await store.read(digest, { start, end }));
      assert.equal(read.toString(), content.slice(start, end + 1), `${start} to ${end}`);
    }
  }
});

test('empty content in an envelope is content', async (t) => {
  const store = await temporaryStore(t);
  const { digest, stored } = await put(store, Buffer.alloc(0), { envelope: brackets });
  assert.equal(stored.digest, digestOf('<<>'));
  assert.equal(await store.stat(digest), 0);
  assert.equal((await buffer(await store.read(digest))).length, 0);
});

test('content in an envelope is resumed wherever it broke off, at, before and after each header', async (t) => {
  const store = await temporaryStore(t);
  const content = 'abcdefghijklm';
  const whole = bracketed(content);
  const options = { digest: digestOf(content), size: content.length, envelope: brackets };
  for (let length = 1; length <= whole.length; length++) {
    // What a killed process leaves may end anywhere, also where only a part of the envelope was written.
    await plantPartial(store, options, whole.slice(0, length));
    await using ingest = await store.ingest(options);
    const there = whole.slice(2, Math.min(length, whole.length - 1)).replaceAll('|', '').length;
    assert.equal(ingest.offset, there, whole.slice(0, length));
    await ingest.write(Buffer.from(content.slice(ingest.offset)));
    const { stored, unframed } = await ingest.commit();
    assert.deepEqual([stored.digest, unframed], [digestOf(whole), digestOf(`<${content}`)]);
    assert.equal(await readFile(blobFile(store, stored.digest), 'utf8'), whole);
  }
});

test('large content in an envelope gets the same digests from another thread, also when it is resumed', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.alloc(6 * MIB + 5, 'large and in an envelope');
  const size = content.byteLength;
  const head = Buffer.from('head');
  const tail = Buffer.from('tail');
  const options = { digest: digestOf(content), size, envelope: () => storeAsGzip({ head, size, tail }) };
  const gzip = storeAsGzip({ head, size, tail });
  const pieces = [...gzip.start(), ...gzip.wrap(content), ...gzip.end()];
  const whole = Buffer.concat(pieces.map(({ bytes }) => bytes));
  for (const brokenAt of [0, 65_535, 3 * MIB + 1, size]) {
    {
      await using ingest = await store.ingest(options);
      await ingest.write(content.subarray(0, brokenAt));
    }
    await using ingest = await store.ingest(options);
    assert.equal(ingest.offset, brokenAt);
    for (let at = brokenAt; at < size; at += 100_000) await ingest.write(content.subarray(at, at + 100_000));
    const { stored, unframed } = await ingest.commit();
    assert.deepEqual(stored, { digest: digestOf(whole), size: whole.byteLength });
    assert.equal(unframed, digestOf(Buffer.concat([head, content, tail])));
    assert.deepEqual(await readFile(blobFile(store, stored.digest)), whole);
  }
  assert.deepEqual(await buffer(await store.read(options.digest)), content);
  const range = { start: 65_530, end: 3 * MIB };
  assert.deepEqual(await buffer(await store.read(options.digest, range)), content.subarray(range.start, range.end + 1));
});

test('the thread that hashes keeps no process from its end', { timeout: 20_000 }, async (t) => {
  await runChild(t, 'ingest-large', join(await temporaryFolder(t), 'store'));
});

test('a partial with another envelope is not gone on with', async (t) => {
  const store = await temporaryStore(t);
  const options = { digest: digestOf('abcdefgh'), size: 8, envelope: brackets };
  for (const left of ['{<abc', '<{abc', '<<abcd/e']) {
    await plantPartial(store, options, left);
    await using ingest = await store.ingest(options);
    assert.equal(ingest.offset, 0, left);
    await ingest.write(Buffer.from('abcdefgh'));
    assert.equal((await ingest.commit()).stored.digest, digestOf('<<abcd|efgh>'));
  }
});

test('without its size, content in an envelope is begun anew', async (t) => {
  const store = await temporaryStore(t);
  const options = { digest: digestOf('abcdef'), envelope: brackets };
  await plantPartial(store, options, '<<abcd|ef>');
  await using ingest = await store.ingest(options);
  assert.equal(ingest.offset, 0);
});

test('an alias whose blob is gone, too short or altered counts as absent', async (t) => {
  const store = await temporaryStore(t);
  const content = Buffer.from('content inside');
  const options = { digest: digestOf(content), envelope: brackets };
  const alias = join(store.root, 'aliases', ...digestOf(content).split(':'));

  const { digest, stored } = await put(store, content, options);
  await writeFile(blobFile(store, stored.digest), '<<cont|ent ');
  assert.equal(await store.stat(digest), undefined);
  await assert.rejects(stat(alias), { code: 'ENOENT' });

  await put(store, content, options);
  await writeFile(blobFile(store, stored.digest), bracketed('CONTENT inside'));
  await assert.rejects(store.bytes(digest), { code: 'DIGEST_MISMATCH' });
  assert.equal(await store.stat(digest), undefined);

  await put(store, content, options);
  const { block, ...old } = JSON.parse(await readFile(alias, 'utf8'));
  assert.equal(block, 4);
  for (const text of ['not JSON', JSON.stringify(old), JSON.stringify({ ...old, block: 0 })]) {
    await writeFile(alias, text);
    assert.equal(await store.stat(digest), undefined, text);
  }
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
