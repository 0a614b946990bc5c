import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { digestOf } from '../../../src/oci/digest.ts';
import { Store } from '../../../src/oci/store/index.ts';
import {
  type Compression,
  openLayer,
  packLayer,
  readEntries,
  type TarEntry,
  walkTree,
} from '../../../src/oci/tar/index.ts';
import { temporaryFolder } from './temporary.ts';

async function openStore(t: TestContext): Promise<Store> {
  const store = await Store.open(join(await temporaryFolder(t), 'store'));
  t.after(() => store[Symbol.asyncDispose]());
  return store;
}

/** Bytes that look random, the same in every run. */
function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(size);
  let state = seed;
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bytes[i] = state >>> (i % 3 === 0 ? 30 : 24);
  }
  return bytes;
}

function fileOf(path: string, bytes: Uint8Array): TarEntry {
  return { path, type: 'file', mode: 0o644, size: bytes.byteLength, mtime: 0, content: { bytes } };
}

const COMPRESSIONS: readonly Compression[] = ['none', 'gzip', 'zstd'];

test('what is packed comes out again, and its digests are those of its bytes', async (t) => {
  const store = await openStore(t);
  const content = noise(9 * 1024 ** 2 + 77);
  for (const compression of COMPRESSIONS) {
    const packed = await packLayer([fileOf('a', content), fileOf('b', Buffer.alloc(0))], store, { compression });
    const blob = await buffer(await store.read(packed.descriptor.digest));
    assert.equal(digestOf(blob), packed.descriptor.digest);
    assert.equal(blob.byteLength, packed.descriptor.size);
    const tar = await buffer(await openLayer(store, packed.descriptor));
    assert.equal(digestOf(tar), packed.diffId);
    assert.equal(tar.byteLength, packed.uncompressedSize);
    assert.ok(tar.subarray(512, 512 + content.byteLength).equals(content));
  }
});

test('a gzip layer is one member without time, name or system', async (t) => {
  const store = await openStore(t);
  const { descriptor } = await packLayer([fileOf('a', noise(5_000_000))], store, { compression: 'gzip' });
  const blob = await buffer(await store.read(descriptor.digest));
  assert.deepEqual([...blob.subarray(0, 10)], [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
  assert.equal(gunzipSync(blob).byteLength % 512, 0);
});

test('the digest does not depend on when the disk and the compressor are done', async (t) => {
  const entries = [fileOf('a', noise(9 * 1024 ** 2)), fileOf('b', noise(3_333_333, 7)), fileOf('c', noise(1))];
  for (const compression of ['gzip', 'zstd'] as const) {
    const store = await openStore(t);
    const quiet = await packLayer(entries, store, { compression, level: 1 });
    // Several at once, into stores that are slow and irregular.
    const busy = await Promise.all(
      [1, 5, 9].map((seed) => packLayer(entries, irregular(store, seed), { compression, level: 1 })),
    );
    for (const each of busy) assert.deepEqual(each, quiet);
  }
});

/** A store that takes its time now and then. */
function irregular(store: Store, seed: number): Pick<Store, 'ingest'> {
  return {
    ingest: async (options) => {
      const ingest = await store.ingest(options);
      let state = seed;
      return {
        offset: ingest.offset,
        restart: () => ingest.restart(),
        commit: () => ingest.commit(),
        [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
        async write(chunk) {
          state = (state * 7) % 11;
          for (let i = 0; i < state; i++) await new Promise((resolve) => setImmediate(resolve));
          await ingest.write(chunk);
        },
      };
    },
  };
}

test('levels of one compression hold the same archive', async (t) => {
  const store = await openStore(t);
  const entries = [fileOf('a', noise(3_000_000))];
  const fast = await packLayer(entries, store, { compression: 'gzip', level: 1 });
  const small = await packLayer(entries, store, { compression: 'gzip', level: 9 });
  assert.equal(fast.diffId, small.diffId);
  assert.ok(small.descriptor.size < fast.descriptor.size);
});

test('an empty layer is an archive of nothing', async (t) => {
  const store = await openStore(t);
  for (const compression of COMPRESSIONS) {
    const { descriptor, diffId } = await packLayer([], store, { compression });
    assert.equal(diffId, digestOf(Buffer.alloc(1024)));
    for await (const entry of readEntries(await openLayer(store, descriptor))) assert.fail(entry.path);
  }
});

for (const [what, change] of [
  ['grew', (file: string) => appendFileSync(file, 'more')],
  ['shrank', (file: string) => truncateSync(file, 10)],
  ['is gone', (file: string) => unlinkSync(file)],
] as const) {
  test(`a file that ${what} since it was listed is an error that names it, and leaves nothing behind`, async (t) => {
    const root = await temporaryFolder(t);
    const store = await openStore(t);
    writeFileSync(join(root, 'log'), 'x'.repeat(1000));
    const entries = await walkTree(root);
    change(join(root, 'log'));
    for (const compression of COMPRESSIONS) {
      await assert.rejects(packLayer(entries, store, { compression }), { code: 'SOURCE_CHANGED', message: /log/ });
    }
    assert.equal((await store.prune({ all: true })).blobs, 0);
  });
}

test('a signal ends the packing while it is under way', async (t) => {
  const store = await openStore(t);
  for (const compression of COMPRESSIONS) {
    const abort = new AbortController();
    let chunks = 0;
    const aborting: Pick<Store, 'ingest'> = {
      ingest: async () => {
        const ingest = await store.ingest();
        return {
          offset: 0,
          restart: () => ingest.restart(),
          commit: () => ingest.commit(),
          [Symbol.asyncDispose]: () => ingest[Symbol.asyncDispose](),
          write: () => {
            chunks += 1;
            abort.abort();
          },
        };
      },
    };
    const entries = [fileOf('a', Buffer.alloc(64 * 1024 ** 2))];
    await assert.rejects(packLayer(entries, aborting, { compression, signal: abort.signal }), { name: 'AbortError' });
    assert.ok(chunks < 8, `${chunks} chunks were written`);
  }
});

test('a layer whose type and content disagree is refused', async (t) => {
  const store = await openStore(t);
  const { descriptor } = await packLayer([fileOf('a', noise(100))], store, { compression: 'gzip' });
  for (const type of ['tar', 'tar+zstd']) {
    const lying = { ...descriptor, mediaType: `application/vnd.oci.image.layer.v1.${type}` };
    await assert.rejects(openLayer(store, lying), { code: 'CORRUPT_ARCHIVE' });
  }
  const docker = { ...descriptor, mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' };
  assert.equal((await buffer(await openLayer(store, docker))).byteLength, 512 * 4);
});

test('files of every size around a block and a chunk keep their bytes', async (t) => {
  const root = await temporaryFolder(t);
  const store = await openStore(t);
  const chunk = 4 * 1024 ** 2;
  mkdirSync(join(root, 'd'));
  const sizes = [0, 1, 511, 512, 513, 1024, chunk - 513, chunk - 512, chunk, chunk + 1];
  for (const size of sizes) writeFileSync(join(root, 'd', String(size).padStart(9, '0')), noise(size, size));
  const { descriptor } = await packLayer(await walkTree(root), store, { compression: 'none' });
  const seen: number[] = [];
  for await (const entry of readEntries(await openLayer(store, descriptor))) {
    if (entry.type !== 'file') continue;
    seen.push(entry.size);
    assert.ok((await buffer(entry.content)).equals(noise(entry.size, entry.size)), entry.path);
  }
  assert.deepEqual(
    seen,
    sizes.toSorted((a, b) => a - b),
  );
});
