/** What a push makes of the store, and what of the store can be pulled. */

import assert from 'node:assert/strict';
import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { storeAsGzip } from '../../../src/oci/compress/index.ts';
import { describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { parseDigest } from '../../../src/oci/digest.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { serveRegistry, storeStorage } from '../../../src/registry/server/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { blobOf, expectError, expectStatus, Repository, randomBlob } from '../conformance/client.ts';
import { type DataSet, dataSets, INDEX } from '../conformance/data-sets.ts';

test('what is pushed to an address is in the store under a name with that address', async () => {
  await using lab = await openLab();
  const [image] = await pushSet(lab.url, 'team/shop', 'Image', 'v1');
  assert.deepEqual(await lab.names(), [`${lab.address}/team/shop:v1`]);
  assert.equal((await lab.store.resolve(`${lab.address}/team/shop:v1`))?.digest, image);
});

test('children of an index get no names of their own, and what is pushed by digest only keeps one', async () => {
  await using lab = await openLab();
  const set = dataSet('Index');
  const repository = new Repository(lab, 'shop');
  for (const blob of set.blobs) await repository.push(blob);
  const [child] = set.manifests;
  assert.ok(child);
  await expectStatus(await repository.putManifest(child.digest, child.bytes, child.mediaType), 201);
  assert.deepEqual(await lab.names(), [`${lab.address}/shop@${child.digest}`]);
  await pushSet(lab.url, 'shop', set, 'v1');
  assert.deepEqual(await lab.names(), [`${lab.address}/shop:v1`]);
  await expectStatus(await repository.delete('manifests/v1'), 202);
  assert.deepEqual(await lab.names(), [`${lab.address}/shop@${set.manifests.at(-1)?.digest}`]);
});

test('what was pushed outlives the registry and a prune', async () => {
  await using folder = await temporaryFolder();
  const set = dataSet('Artifacts with Subject');
  let port = 0;
  {
    await using lab = await openLab(folder.path);
    port = Number(lab.address.split(':')[1]);
    await pushSet(lab.url, 'shop', set, undefined);
  }
  await using lab = await openLab(folder.path, port);
  await lab.store.prune();
  const repository = new Repository(lab, 'shop');
  for (const { digest } of set.manifests) await expectStatus(await repository.get(`manifests/${digest}`), 200);
  for (const blob of set.blobs) await repository.expectBlob(blob);
  const referrers = await repository.get(`referrers/${set.manifests[0]?.digest}`);
  assert.equal(JSON.parse(await referrers.text()).manifests.length, 2);
});

test('a blob that the store has only inside a layer around it is served, whole and in ranges', async () => {
  await using lab = await openLab();
  const set = dataSet('Image');
  await pushSet(lab.url, 'shop', set, 'v1');
  const blob = set.blobs.find(({ bytes }) => bytes.byteLength > 10) ?? assert.fail();
  const size = blob.bytes.byteLength;
  {
    await using ingest = await lab.store.ingest({
      digest: parseDigest(blob.digest),
      size,
      envelope: () => storeAsGzip({ head: Buffer.from('head'), size }),
    });
    await ingest.write(blob.bytes);
    await ingest.commit();
  }
  await unlink(join(lab.store.root, 'blobs', ...blob.digest.split(':')));
  const repository = new Repository(lab, 'shop');
  await repository.expectBlob(blob);
  const part = await repository.get(`blobs/${blob.digest}`, { Range: 'bytes=3-7' });
  await expectStatus(part, 206);
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), Buffer.from(blob.bytes.subarray(3, 8)));
});

test('a part of an image cannot be deleted while the image needs it', async () => {
  await using lab = await openLab();
  const set = dataSet('Index');
  await pushSet(lab.url, 'shop', set, 'v1');
  const repository = new Repository(lab, 'shop');
  await expectError(await repository.delete(`blobs/${set.blobs[0]?.digest}`), 405, 'UNSUPPORTED');
  await expectError(await repository.delete(`manifests/${set.manifests[0]?.digest}`), 405, 'UNSUPPORTED');
  await repository.expectBlob(set.blobs[0] ?? randomBlob());
});

test('an image of the store is pulled by its whole name, through a mirror, and from Docker Hub by its path', async () => {
  await using lab = await openLab();
  const index = await lab.store.add(
    Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: INDEX, manifests: [] })),
    INDEX,
  );
  await lab.store.tag('docker.io/library/app:v1', index);
  await lab.store.tag('quay.io:443/team/app:v1', index);
  const pull = (name: string, query = '') => new Repository(lab, name).get(`manifests/v1${query}`);
  await expectStatus(await pull('docker.io/library/app'), 200);
  await expectStatus(await pull('library/app'), 200);
  await expectStatus(await pull('library/app', '?ns=docker.io'), 200);
  await expectStatus(await pull('team/app', '?ns=quay.io:443'), 200);
  await expectStatus(await pull('team/app'), 404);
  const catalog = await expectStatus(await new Repository(lab, 'x').get('/v2/_catalog'), 200);
  assert.deepEqual(JSON.parse(await catalog.text()).repositories, ['docker.io/library/app']);
});

test('a push to a name that a mirror shows too makes an image of its own', async () => {
  await using lab = await openLab();
  const set = dataSet('Image');
  const mirrored = new Repository(lab, 'library/app');
  await pushSet(lab.url, 'first', set, 'v1');
  const first = await lab.store.resolve(`${lab.address}/first:v1`);
  assert.ok(first);
  await lab.store.tag('docker.io/library/app:v1', first);
  // The client sees that the blobs are there, so it sends the manifest only.
  for (const { digest } of set.blobs) await expectStatus(await mirrored.head(`blobs/${digest}`), 200);
  const top = set.manifests[0];
  assert.ok(top);
  await expectStatus(await mirrored.putManifest('v2', top.bytes, top.mediaType), 201);
  assert.ok((await lab.names()).includes(`${lab.address}/library/app:v2`));
});

test('a blob that the store keeps inside a layer is served by itself', async () => {
  await using lab = await openLab();
  const blob = randomBlob(100_000);
  {
    const digest = parseDigest(blob.digest);
    const around = { prefix: Buffer.alloc(512, 'p'), suffix: Buffer.alloc(1024, 's') };
    await using ingest = await lab.store.ingest({ digest, size: blob.bytes.length, ...around });
    await ingest.write(blob.bytes);
    await ingest.commit();
  }
  const config = await lab.store.add(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
  const layer = { ...describeBytes(blob.bytes, 'application/vnd.oci.image.layer.v1.tar'), digest: blob.digest };
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType, config, layers: [layer] }));
  await lab.store.tag('docker.io/library/app:v1', await lab.store.add(manifest, mediaType));
  const repository = new Repository(lab, 'docker.io/library/app');
  await repository.expectBlob(blob);
  const part = await repository.get(`blobs/${blob.digest}`, { Range: 'bytes=99990-' });
  assert.deepEqual(Buffer.from(await (await expectStatus(part, 206)).arrayBuffer()), blob.bytes.subarray(99_990));
});

test('content of other repositories is not shown in one that does not have it', async () => {
  await using lab = await openLab();
  const set = dataSet('Image');
  await pushSet(lab.url, 'one', set, 'v1');
  await pushSet(lab.url, 'two', 'Image', 'v1');
  const two = new Repository(lab, 'two');
  await expectStatus(await two.head(`blobs/${set.blobs[0]?.digest}`), 404);
  await expectStatus(await two.head(`manifests/${set.manifests[0]?.digest}`), 404);
  await expectStatus(await two.head(`blobs/${blobOf('nothing').digest}`), 404);
});

interface Lab extends AsyncDisposable {
  readonly store: Store;
  readonly url: string;
  readonly address: string;
  names(): Promise<string[]>;
}

async function openLab(root?: string, port = 0): Promise<Lab> {
  await using stack = new AsyncDisposableStack();
  const folder = root ?? stack.use(await temporaryFolder('registry-store')).path;
  const store = stack.use(await Store.open(join(folder, 'store')));
  const { url, address } = stack.use(await serveRegistry({ storage: storeStorage(store), port }));
  const owned = stack.move();
  const names = async () => (await store.names()).map(({ name }) => name);
  return { store, url, address, names, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

function dataSet(name: string): DataSet {
  const set = dataSets().find((each) => each.name === name);
  assert.ok(set);
  return set;
}

/** Pushes a data set: its last manifest by tag, or by digest without one. The digests of its manifests. */
async function pushSet(url: string, name: string, which: DataSet | string, tag: string | undefined): Promise<string[]> {
  const set = typeof which === 'string' ? dataSet(which) : which;
  const repository = new Repository({ url }, name);
  for (const blob of set.blobs) await repository.push(blob);
  for (const manifest of set.manifests) {
    const reference = manifest === set.manifests.at(-1) ? (tag ?? manifest.digest) : manifest.digest;
    await expectStatus(await repository.putManifest(reference, manifest.bytes, manifest.mediaType), 201);
  }
  return set.manifests.map(({ digest }) => digest);
}
