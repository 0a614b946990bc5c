import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type BundleStorage, bundleLayers, bundleStorage, harvest } from '../../../src/cluster-image/index.ts';
import { blobPath, layerLink, revisionLink, tagLinks } from '../../../src/cluster-image/layers/registry-layout.ts';
import { SealerError } from '../../../src/error.ts';
import { type Descriptor, describe } from '../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import type { ImageManifest } from '../../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import type { Pull } from '../../../src/registry/proxy/index.ts';
import { NO_WRITES, type RegistryStorage, type StoredBlob } from '../../../src/registry/server/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { withStore } from '../../lab/stores.ts';
import { FakeClient, gzipLayer, type MadeImage, makeImage, makeIndex, named } from '../cluster-image/image-maker.ts';

const AMD64 = parsePlatform('linux/amd64');
const BIG = 1_200_000;
const HOST = { host: '127.0.0.1:1' };

function manifestOf(layers: readonly Descriptor[]): ImageManifest {
  return { schemaVersion: 2, config: describe(Buffer.from('{}'), OCI_CONFIG), layers };
}

/** Makes the layers of a cluster image that carries the images. */
async function carry(store: Store, images: Record<string, MadeImage>, budget = 100): Promise<ImageManifest> {
  const client = new FakeClient();
  for (const [name, image] of Object.entries(images)) client.put(name, image);
  const harvested = await harvest(named(...Object.keys(images)), { store, client, platforms: [AMD64] });
  const layers = await bundleLayers(harvested, { store, budget });
  return manifestOf(layers.map(({ descriptor }) => descriptor));
}

/** What a pull of the cluster image brings: its layers and nothing else. */
async function copyLayers(from: Store, to: Store, { layers }: ImageManifest): Promise<void> {
  for (const { digest, mediaType } of layers) await to.add(await from.bytes(digest, 1e9), mediaType);
}

async function read(store: RegistryStorage, repository: string, digest: Digest): Promise<Buffer | undefined> {
  const blob = await store.blob(repository, digest);
  return blob === undefined ? undefined : readBlob(blob, 0, blob.size - 1);
}

async function readBlob(blob: StoredBlob, start: number, end: number): Promise<Buffer> {
  if ('file' in blob) return (await readFile(blob.file)).subarray(start, end + 1);
  return Buffer.concat(await (await blob.open({ start, end })).toArray());
}

/** Pulls an image as containerd does and compares all of it. */
async function expectImage(storage: BundleStorage, repository: string, image: MadeImage): Promise<void> {
  const stored = await storage.manifest(repository, image.root.digest);
  assert.deepEqual(stored?.bytes, image.content.get(image.root.digest));
  const { manifests, config, layers = [] } = JSON.parse(String(stored?.bytes));
  for (const child of manifests ?? []) {
    if (child.platform.architecture !== 'amd64') continue;
    await expectImage(storage, repository, { root: child, content: image.content });
  }
  for (const { digest } of config === undefined ? [] : [config, ...layers]) {
    assert.deepEqual(await read(storage, repository, digest), image.content.get(digest));
  }
}

const shared = gzipLayer('shared', BIG);
const IMAGES = {
  'nginx:1': makeIndex({
    'linux/amd64': makeImage([shared, gzipLayer('small', 1000), gzipLayer('odd', 65_535)]),
    'linux/arm64': makeImage([gzipLayer('arm', 100)], 'linux/arm64'),
  }),
  'localhost:5000/team/app:v2': makeImage([shared, gzipLayer('own', 3 * BIG)]),
  'quay.io/x/y:z': makeImage([gzipLayer('x', 10)]),
};

for (const [where, budget] of [
  ['each large blob has a layer', 100],
  ['large blobs lie in packs', 2],
] as const) {
  test(`the layers alone are enough to serve all images whole, where ${where}`, () =>
    withStore(async (built) => {
      const manifest = await carry(built, IMAGES, budget);
      await withStore(async (pulled) => {
        await copyLayers(built, pulled, manifest);
        for (const store of [built, pulled]) {
          const storage = await bundleStorage({ store, manifest });
          for (const [name, image] of Object.entries(IMAGES)) {
            const namespace = name === 'nginx:1' ? 'docker.io' : name.slice(0, name.indexOf('/'));
            const path =
              name === 'nginx:1' ? 'library/nginx' : name.slice(name.indexOf('/') + 1, name.lastIndexOf(':'));
            const repository = await storage.locate(path, { ...HOST, namespace }, 'read');
            const tag = name.slice(name.lastIndexOf(':') + 1);
            assert.equal(await storage.resolve(repository, tag), image.root.digest);
            await expectImage(storage, repository, image);
          }
          assert.deepEqual(
            storage.images.map(({ name }) => name),
            ['docker.io/library/nginx:1', 'localhost:5000/team/app:v2', 'quay.io/x/y:z'],
          );
          for (const { bytes } of storage.images) assert.ok(bytes > 0);
          await storage.close?.();
        }
        assert.deepEqual(readdirSync(join(pulled.root, 'scratch')), [], 'nothing is unpacked');
      });
    }));
}

test('any range of a blob inside a layer is right', () =>
  withStore(async (built) => {
    const bytes = gzipLayer('ranges', BIG);
    const manifest = await carry(built, { 'a:1': makeImage([bytes]), 'b:1': makeImage([gzipLayer('b', 3 * 65_535)]) });
    await withStore(async (store) => {
      await copyLayers(built, store, manifest);
      const storage = await bundleStorage({ store, manifest });
      const blob = await storage.blob('docker.io/library/a', digestOf(bytes));
      assert.ok(blob);
      const edges = [0, 1, 65_534, 65_535, 65_536, 131_069, 131_070, 600_000, bytes.length - 2, bytes.length - 1];
      for (const start of edges) {
        for (const end of edges.filter((each) => each >= start)) {
          assert.ok((await readBlob(blob, start, end)).equals(bytes.subarray(start, end + 1)), `${start}-${end}`);
        }
      }
    });
  }));

test('what the store has and the image does not carry is not there, and is told once by its name', () =>
  withStore(async (store) => {
    const manifest = await carry(store, { 'nginx:1': IMAGES['nginx:1'] });
    const other = makeImage([gzipLayer('other', 100)]);
    for (const bytes of other.content.values()) await store.add(bytes, 'application/octet-stream');
    const pulls: Pull[] = [];
    const storage = await bundleStorage({ store, manifest, onPull: (pull) => pulls.push(pull) });
    const repository = 'docker.io/library/nginx';
    for (let i = 0; i < 2; i++) {
      assert.equal(await storage.resolve(repository, '2'), undefined);
      assert.equal(await storage.manifest(repository, other.root.digest), undefined);
      for (const digest of other.content.keys()) assert.equal(await storage.blob(repository, digest), undefined);
      // Another repository's content is not this one's.
      assert.equal(await storage.manifest('docker.io/library/other', IMAGES['nginx:1'].root.digest), undefined);
    }
    assert.equal(await storage.resolve(repository, '1'), IMAGES['nginx:1'].root.digest);
    assert.deepEqual(
      pulls.map(({ outcome, name }) => `${outcome} ${name}`),
      [
        `missing ${repository}:2`,
        `missing ${repository}@${other.root.digest}`,
        `missing docker.io/library/other@${IMAGES['nginx:1'].root.digest}`,
        `served ${repository}:1`,
      ],
    );
    assert.match(pulls[0]?.reason ?? '', /^IMAGE_NOT_FOUND: /);
  }));

test('a manifest or a blob that is not carried is told by the name of its image', () =>
  withStore(async (store) => {
    const manifest = await carry(store, { 'nginx:1': IMAGES['nginx:1'] });
    const pulls: Pull[] = [];
    const without = manifestOf(manifest.layers.filter(({ size }) => size < BIG));
    const storage = await bundleStorage({ store, manifest: without, onPull: (pull) => pulls.push(pull) });
    assert.deepEqual(storage.images, [], 'an image that cannot be pulled is none');
    const repository = 'docker.io/library/nginx';
    const root = await storage.resolve(repository, '1');
    const { manifests } = JSON.parse(String(root && (await storage.manifest(repository, root))?.bytes));
    const [amd64, arm64] = manifests;
    assert.ok(await storage.manifest(repository, amd64.digest));
    // The store has the blob in a layer; this cluster image does not have that layer.
    assert.ok(await store.stat(digestOf(shared)));
    assert.equal(await storage.blob(repository, digestOf(shared)), undefined);
    assert.equal(await storage.manifest(repository, arm64.digest), undefined);
    assert.deepEqual(
      pulls.map(({ outcome, name }) => `${outcome} ${name}`),
      [`served ${repository}:1`, `missing ${repository}:1`],
    );
    assert.match(pulls[1]?.reason ?? '', new RegExp(digestOf(shared)));
  }));

test('another storage stands in for the repositories that are left to it, and for no others', () =>
  withStore(async (store) => {
    const manifest = await carry(store, { 'rancher/pause:1': IMAGES['quay.io/x/y:z'], 'nginx:1': IMAGES['nginx:1'] });
    const pulls: Pull[] = [];
    const storage = await bundleStorage({ store, manifest, onPull: (pull) => pulls.push(pull) });
    const asked: string[] = [];
    const answer = digestOf('other');
    const other: RegistryStorage = {
      ...NO_WRITES,
      locate: async (name) => name,
      repositories: async () => [],
      hasRepository: async () => true,
      tags: async () => [],
      resolve: async (repository, tag) => {
        asked.push(`${repository}:${tag}`);
        return answer;
      },
      manifest: async () => undefined,
      referrers: async () => [],
      blob: async () => undefined,
    };
    const both = storage.or(other, (repository) => repository.startsWith('docker.io/rancher/'));
    assert.equal(await both.resolve('docker.io/rancher/pause', '1'), IMAGES['quay.io/x/y:z'].root.digest);
    assert.equal(await both.resolve('docker.io/rancher/pause', '2'), answer);
    assert.equal(await both.resolve('docker.io/rancher/coredns', '1'), answer);
    assert.equal(await both.resolve('docker.io/library/nginx', '2'), undefined);
    assert.deepEqual(asked, ['docker.io/rancher/pause:2', 'docker.io/rancher/coredns:1']);
    assert.deepEqual(
      pulls.map(({ name }) => name),
      ['docker.io/rancher/pause:1', 'docker.io/library/nginx:2'],
    );
  }));

test('a layer that is not what its annotation says serves nothing wrong', () =>
  withStore(async (store) => {
    const image = makeImage([shared]);
    const manifest = await carry(store, { 'a:1': image });
    const layers = manifest.layers.map((layer) => layer);
    const wrapped = layers.findIndex(({ annotations }) => annotations?.['sealer.blobs'] !== undefined);
    const bytes = Buffer.from(await store.bytes(layers[wrapped]?.digest ?? digestOf(''), 1e9));
    bytes[600_000] = (bytes[600_000] ?? 0) ^ 1;
    const altered = await store.add(bytes, OCI_LAYER_GZIP);
    layers[wrapped] = { ...altered, annotations: layers[wrapped]?.annotations };
    const storage = await bundleStorage({ store, manifest: manifestOf(layers) });
    const blob = await storage.blob('docker.io/library/a', digestOf(shared));
    assert.ok(blob && 'open' in blob);
    const got: Buffer[] = [];
    await assert.rejects(
      async () => {
        for await (const chunk of await blob.open({ start: 0, end: blob.size - 1 })) got.push(chunk);
      },
      (error: SealerError) => error.code === 'DIGEST_MISMATCH',
    );
    assert.ok(Buffer.concat(got).length < shared.length, 'the end is held back');
  }));

test('a layer that is not in the store is an error, not an image that is missing', () =>
  withStore(async (built) => {
    const manifest = await carry(built, { 'quay.io/x/y:z': IMAGES['quay.io/x/y:z'] });
    await withStore(async (empty) => {
      await assert.rejects(
        bundleStorage({ store: empty, manifest }),
        (error) => error instanceof SealerError && error.code === 'IMAGE_NOT_FOUND',
      );
    });
  }));

for (const [how, mediaType, compress] of [
  ['compressed', OCI_LAYER_GZIP, (tar: Buffer) => gzipSync(tar)],
  ['not compressed', OCI_LAYER, (tar: Buffer) => tar],
] as const) {
  test(`an image of the Go sealer, whose one layer is ${how} and whose repositories have no hosts, is served`, () =>
    withStore(async (store) => {
      await using folder = await temporaryFolder();
      const image = makeImage([shared, gzipLayer('small', 1000)]);
      const put = (path: string, bytes: Uint8Array | string): void => {
        mkdirSync(dirname(join(folder.path, path)), { recursive: true });
        writeFileSync(join(folder.path, path), bytes);
      };
      for (const [digest, bytes] of image.content) {
        put(blobPath(digest), bytes);
        for (const link of [layerLink('library/nginx', digest)]) put(link.path, link.digest);
      }
      for (const link of [
        revisionLink('library/nginx', image.root.digest),
        ...tagLinks('library/nginx', '1', image.root.digest),
      ]) {
        put(link.path, link.digest);
      }
      const wrong = digestOf('not this');
      put(blobPath(wrong), 'but that');
      put(layerLink('library/nginx', wrong).path, wrong);
      execFileSync('tar', ['-C', folder.path, '-cf', join(folder.path, 'layer.tar'), 'registry']);
      const layer = await store.add(compress(readFileSync(join(folder.path, 'layer.tar'))), mediaType);
      const list = JSON.stringify([{ image: 'nginx:1' }, { image: 'gone:1' }]);
      const manifest = { ...manifestOf([layer]), annotations: { 'sealer.image.container.images': list } };
      const storage = await bundleStorage({ store, manifest });
      for (const host of ['docker.io', 'mirror.example.com']) {
        const repository = await storage.locate('library/nginx', { ...HOST, namespace: host }, 'read');
        assert.equal(await storage.resolve(repository, '1'), image.root.digest);
        await expectImage(storage, repository, image);
      }
      const broken = await read(storage, 'docker.io/library/nginx', wrong).catch((error: SealerError) => error.code);
      assert.ok(broken === undefined || broken === 'DIGEST_MISMATCH');
      const bytes = [...image.content.values()].reduce((sum, each) => sum + each.byteLength, 0);
      assert.deepEqual(storage.images, [{ name: 'docker.io/library/nginx:1', digest: image.root.digest, bytes }]);
      await storage.close?.();
      const scratch = join(store.root, 'scratch');
      assert.deepEqual(existsSync(scratch) ? readdirSync(scratch) : [], []);
    }));
}
