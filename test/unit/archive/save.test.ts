import assert from 'node:assert/strict';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { extract } from 'tar-stream';
import { loadArchive, type SavedImage, type SaveOptions, saveArchive } from '../../../src/oci/archive/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_LAYER_ZSTD, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { temporaryStore } from '../store/folder.ts';
import { addImage, addIndex, json } from '../store/images.ts';
import { streamOf } from './tar.ts';

const AMD64 = { os: 'linux', architecture: 'amd64' };
const ARM64 = { os: 'linux', architecture: 'arm64' };

async function save(store: Store, images: readonly SavedImage[], options: SaveOptions): Promise<Buffer> {
  const sink = new PassThrough();
  const [bytes, { size }] = await Promise.all([buffer(sink), saveArchive(store, images, sink, options)]);
  assert.equal(bytes.length, size);
  return bytes;
}

async function list(archive: Buffer): Promise<Map<string, Buffer>> {
  const parser = extract({});
  parser.write(archive);
  parser.end();
  const files = new Map<string, Buffer>();
  for await (const entry of parser) {
    assert.equal(entry.header.mtime.getTime(), 0);
    const chunks: Uint8Array[] = [];
    for await (const chunk of entry) chunks.push(chunk);
    files.set(entry.header.name, Buffer.concat(chunks));
  }
  return files;
}

test('an oci-archive loads into another store with the same digests and names', async (t) => {
  const [store, other] = [await temporaryStore(t), await temporaryStore(t)];
  const index = await addIndex(store, [{ ...(await addImage(store, 'one')), platform: AMD64 }]);
  const single = await addImage(store, 'two');
  await store.tag('docker.io/library/multi:v1', index);
  await store.tag('localhost:5000/single:v2', single);
  const archive = await save(store, await store.names(), { format: 'oci-archive' });
  const { images, stored } = await loadArchive(streamOf(archive), other);
  assert.deepEqual(images, await store.names());
  assert.deepEqual(await other.names(), await store.names());
  const again = await loadArchive(streamOf(archive), other);
  assert.deepEqual([again.stored, again.reused], [0, stored]);
});

test('the same images give the same archive, whatever the order and the store', async (t) => {
  const archives: Buffer[] = [];
  for (const order of [
    ['one', 'two'],
    ['two', 'one'],
  ]) {
    const store = await temporaryStore(t);
    for (const text of order) await store.tag(`localhost/${text}:v1`, await addImage(store, text));
    for (const format of ['oci-archive', 'docker-archive'] as const) {
      archives.push(await save(store, await store.names(), { format }));
    }
  }
  assert.deepEqual(archives[0], archives[2]);
  assert.deepEqual(archives[1], archives[3]);
});

test('an oci-archive of one platform holds nothing of the others', async (t) => {
  const store = await temporaryStore(t);
  const amd64 = { ...(await addImage(store, 'for amd64')), platform: AMD64 };
  const arm64 = { ...(await addImage(store, 'for arm64')), platform: ARM64 };
  const descriptor = await addIndex(store, [amd64, arm64]);
  const image = { name: 'localhost/a:v1', descriptor };
  const files = await list(await save(store, [image], { format: 'oci-archive', platform: ARM64 }));
  const { manifests } = JSON.parse(String(files.get('index.json')));
  assert.equal(manifests[0].digest, arm64.digest);
  assert.equal(files.has(`blobs/sha256/${amd64.digest.slice(7)}`), false);
  await assert.rejects(save(store, [image], { format: 'docker-archive' }), {
    code: 'PLATFORM_NOT_FOUND',
    hint: 'Choose one with --platform (linux/amd64, linux/arm64), or save an oci-archive.',
  });
});

test('an index of which one platform was pulled is saved with what is there', async (t) => {
  const store = await temporaryStore(t);
  const here = { ...(await addImage(store, 'here')), platform: AMD64 };
  const elsewhere = { ...here, digest: digestOf('elsewhere'), platform: ARM64 };
  const image = { name: 'localhost/a:v1', descriptor: await addIndex(store, [here, elsewhere]) };
  const archive = await save(store, [image], { format: 'oci-archive' });
  const other = await temporaryStore(t);
  assert.deepEqual((await loadArchive(streamOf(archive), other)).images, [image]);
  // Only one platform can be meant.
  await save(store, [image], { format: 'docker-archive' });
});

test('a docker-archive has uncompressed layers that are what the config says', async (t) => {
  const store = await temporaryStore(t);
  const tars = [Buffer.alloc(70_000, 'gzip'), Buffer.alloc(300_000, 'zstd')];
  const layers = [
    await store.add(gzipSync(tars[0] ?? ''), OCI_LAYER_GZIP),
    // Two frames, as compressors that work in parallel write.
    await store.add(
      Buffer.concat(
        [tars[1]?.subarray(0, 99_999), tars[1]?.subarray(99_999)].map((half) => zstdCompressSync(half ?? '')),
      ),
      OCI_LAYER_ZSTD,
    ),
  ];
  const rootfs = { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) };
  const config = await store.add(json({ ...AMD64, rootfs }), OCI_CONFIG);
  const descriptor = await store.add(json({ schemaVersion: 2, config, layers }), OCI_MANIFEST);
  const names = ['docker.io/library/a:v1', `localhost/b:v2@${descriptor.digest}`];
  const archive = await save(
    store,
    names.map((name) => ({ name, descriptor })),
    { format: 'docker-archive' },
  );
  const files = await list(archive);
  const [listed, ...rest] = JSON.parse(String(files.get('manifest.json')));
  assert.deepEqual(rest, []);
  assert.deepEqual(listed.RepoTags, ['docker.io/library/a:v1', 'localhost/b:v2']);
  assert.deepEqual(
    listed.Layers.map((path: string) => files.get(path)),
    tars,
  );
  assert.equal(digestOf(files.get(listed.Config) ?? ''), config.digest);
});

test('a layer that does not unpack to its diff_id is not saved', async (t) => {
  const store = await temporaryStore(t);
  const layer = await store.add(gzipSync('something else'), OCI_LAYER_GZIP);
  const rootfs = { type: 'layers', diff_ids: [digestOf('something')] };
  const config = await store.add(json({ ...AMD64, rootfs }), OCI_CONFIG);
  const descriptor = await store.add(json({ schemaVersion: 2, config, layers: [layer] }), OCI_MANIFEST);
  await assert.rejects(save(store, [{ descriptor }], { format: 'docker-archive' }), { code: 'DIGEST_MISMATCH' });
});

test('an image that lacks a layer is not saved, and says which', async (t) => {
  const store = await temporaryStore(t);
  const descriptor = await addImage(store, 'lost layer');
  await unlink(join(store.root, 'blobs', 'sha256', digestOf('lost layer').slice(7)));
  for (const format of ['oci-archive', 'docker-archive'] as const) {
    const sink = new PassThrough();
    await assert.rejects(
      saveArchive(store, [{ descriptor }], sink, { format }),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, 'IMAGE_NOT_FOUND');
        assert.match(error.message, new RegExp(digestOf('lost layer')));
        return true;
      },
    );
    assert.equal(sink.readableLength, 0, 'nothing is written');
  }
});

test('a sink that fails and a signal that fires end a save with their own error', async (t) => {
  const store = await temporaryStore(t);
  const descriptor = await addImage(store, Buffer.alloc(5_000_000, 'large'));
  const full = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('pipe is closed')) });
  await assert.rejects(saveArchive(store, [{ descriptor }], full, { format: 'oci-archive' }), /pipe is closed/);
  const abort = new AbortController();
  const stuck = new Writable({ write: () => abort.abort(new Error('stop')) });
  const options = { format: 'oci-archive', signal: abort.signal } as const;
  await assert.rejects(saveArchive(store, [{ descriptor }], stuck, options), { name: 'AbortError' });
});
