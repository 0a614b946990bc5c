import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { type BundledLayer, bundleLayers, harvest, readInventory } from '../../../src/cluster-image/index.ts';
import { blobPath, layerLink, revisionLink, tagLinks } from '../../../src/cluster-image/layers/registry-layout.ts';
import { describe } from '../../../src/oci/descriptor.ts';
import { type Digest, digestOf } from '../../../src/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { withStore } from '../../lab/stores.ts';
import { FakeClient, gzipLayer, type MadeImage, makeImage, makeIndex, named } from './image-maker.ts';

const AMD64 = parsePlatform('linux/amd64');
const BIG = 1_100_000;

async function bundle(
  store: Store,
  images: Record<string, MadeImage>,
  more: { budget?: number; have?: ReturnType<typeof readInventory> } = {},
): Promise<readonly BundledLayer[]> {
  const client = new FakeClient();
  for (const [name, image] of Object.entries(images)) client.put(name, image);
  const harvested = await harvest(named(...Object.keys(images)), {
    store,
    client,
    platforms: [AMD64],
    have: more.have,
  });
  return bundleLayers(harvested, { store, budget: more.budget ?? 100, have: more.have });
}

interface Entry {
  readonly path: string;
  readonly type: string;
  readonly mode: string;
  readonly mtime: number;
  readonly content: Buffer;
}

/** A reader of POSIX.1-1988 and PAX paths of the test's own. */
async function untar(store: Store, { descriptor, diffId }: BundledLayer): Promise<Entry[]> {
  const layer = await store.bytes(descriptor.digest, 1e9);
  assert.equal(digestOf(layer), descriptor.digest);
  assert.equal(layer.byteLength, descriptor.size);
  const tar = gunzipSync(layer);
  assert.equal(digestOf(tar), diffId);
  const entries: Entry[] = [];
  let long: string | undefined;
  for (let at = 0; tar[at] !== 0; ) {
    const text = (from: number, length: number) =>
      tar.toString('utf8', at + from, at + from + length).replace(/\0.*$/s, '');
    const size = Number.parseInt(text(124, 12), 8);
    const content = tar.subarray(at + 512, at + 512 + size);
    const prefix = text(345, 155);
    const path = long ?? (prefix === '' ? text(0, 100) : `${prefix}/${text(0, 100)}`);
    const type = text(156, 1);
    long = type === 'x' ? /\d+ path=(.*)\n/.exec(content.toString())?.[1] : undefined;
    if (type !== 'x')
      entries.push({ path, type, mode: text(100, 8), mtime: Number.parseInt(text(136, 12), 8), content });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return entries;
}

/** All files of all layers. */
async function unpack(store: Store, layers: readonly BundledLayer[]): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const layer of layers) {
    for (const { path, type, content } of await untar(store, layer)) if (type === '0') files.set(path, content);
  }
  return files;
}

const digests = (layers: readonly BundledLayer[]) => layers.map(({ descriptor }) => descriptor.digest);

test('the layers hold what a registry needs to serve the image by its tag and by its digests', () =>
  withStore(async (store) => {
    const amd64 = makeImage([gzipLayer('big', BIG), gzipLayer('small', 100)]);
    const index = makeIndex({ 'linux/amd64': amd64 });
    const files = await unpack(store, await bundle(store, { 'quay.io/team/app:v1': index }));
    for (const [digest, bytes] of index.content) assert.deepEqual(files.get(blobPath(digest)), bytes);
    const repository = 'quay.io/team/app';
    const blobs = [...amd64.content.keys()].filter((digest) => digest !== amd64.root.digest);
    const links = [
      revisionLink(repository, index.root.digest),
      revisionLink(repository, amd64.root.digest),
      ...blobs.map((digest) => layerLink(repository, digest)),
      ...tagLinks(repository, 'v1', index.root.digest),
    ];
    for (const { path, digest } of links) assert.equal(files.get(path)?.toString(), digest);
    assert.equal(files.size, index.content.size + links.length);
  }));

test('layers are tars, in gzip that compresses nothing again, of fixed modes and times, sorted, with all folders above each file', () =>
  withStore(async (store) => {
    const layers = await bundle(store, { 'app:1': makeImage([gzipLayer('big', BIG), gzipLayer('small', 100)]) });
    assert.equal(layers.length, 2);
    for (const layer of layers) {
      const { descriptor } = layer;
      assert.equal(descriptor.mediaType, 'application/vnd.oci.image.layer.v1.tar+gzip');
      assert.equal(descriptor.annotations?.['sealer.layer'], 'images');
      const entries = await untar(store, layer);
      const content = entries.reduce((sum, entry) => sum + entry.content.byteLength, 0);
      assert.ok(descriptor.size > content);
      const seen = new Set(['registry']);
      for (const { path, type, mode, mtime } of entries) {
        const plain = path.replace(/\/$/, '');
        assert.equal(mtime, 0);
        assert.equal(mode, type === '5' ? '0000755' : '0000644');
        if (plain !== 'registry') assert.ok(seen.has(plain.slice(0, plain.lastIndexOf('/'))), plain);
        assert.ok(plain === 'registry' || !seen.has(plain), plain);
        seen.add(plain);
      }
    }
  }));

test('two cluster images that hold the same container image share its layers, whatever else they hold', () =>
  withStore(async (store) => {
    const base = gzipLayer('base', BIG);
    const nginx = makeImage([base, gzipLayer('nginx', BIG), gzipLayer('conf', 100)]);
    const one = digests(await bundle(store, { 'nginx:1': nginx, 'a:1': makeImage([base, gzipLayer('a', 50)]) }));
    const two = digests(await bundle(store, { 'b:1': makeImage([gzipLayer('b', BIG)]), 'nginx:1': nginx }));
    const alone = digests(await bundle(store, { 'nginx:1': nginx }));
    assert.equal(alone.length, 3);
    for (const digest of alone) assert.ok(one.includes(digest) && two.includes(digest));
    assert.equal(one.length, 4);
    assert.equal(two.length, 5);
  }));

test('the layers do not depend on the order of the images or on the store', async () => {
  const images = {
    'a:1': makeImage([gzipLayer('a', BIG)]),
    'b:1': makeImage([gzipLayer('b', BIG), gzipLayer('a', BIG)]),
  };
  const reversed = Object.fromEntries(Object.entries(images).reverse());
  const seen: Digest[][] = [];
  await withStore(async (store) => void seen.push(digests(await bundle(store, images))));
  await withStore(async (store) => void seen.push(digests(await bundle(store, reversed))));
  assert.deepEqual(seen[0], seen[1]);
});

test('what the base image carries is not added again, and a new version adds only what is new', () =>
  withStore(async (store) => {
    const shared = gzipLayer('shared', BIG);
    const old = await bundle(store, { 'app:1': makeImage([shared]), 'db:1': makeImage([gzipLayer('db', BIG)]) });
    const have = readInventory({ layers: old.map(({ descriptor }) => descriptor) });
    assert.deepEqual([...have.images.keys()], ['docker.io/library/app:1', 'docker.io/library/db:1']);
    assert.equal(have.blobs.size, 2);
    assert.deepEqual(await bundle(store, { 'app:1': makeImage([shared]) }, { have }), []);
    const added = await bundle(store, { 'app:2': makeImage([shared, gzipLayer('more', BIG)]) }, { have });
    assert.equal(added.length, 2);
    assert.deepEqual(
      readInventory({ layers: added.map(({ descriptor }) => descriptor) }).blobs,
      new Set([digestOf(gzipLayer('more', BIG))]),
    );
    const files = await unpack(store, added);
    assert.ok(!files.has(blobPath(digestOf(shared))));
  }));

test('the inventory survives annotations that make no sense', () => {
  const layer = describe(Buffer.from('x'), OCI_LAYER_GZIP);
  const layers = ['{', 'null', '[1, {"image": "a"}, {"image": "!", "digest": "x"}]'].map((text) => ({
    ...layer,
    annotations: { 'sealer.images': text, 'sealer.blobs': 'x  y' },
  }));
  assert.deepEqual(readInventory({ layers }), { images: new Map(), blobs: new Set() });
});

test('a tag stands for what was asked for: plain before pinned, and for nothing where digests disagree', () =>
  withStore(async (store) => {
    const [one, two] = [makeImage([gzipLayer('1', 10)]), makeImage([gzipLayer('2', 10)])];
    const client = new FakeClient().put('app:1', one).put('app:two', two).put('lone:1', one);
    const current = tagLinks('docker.io/library/app', '1', one.root.digest)[0]?.path ?? '';
    const tagOf = async (...images: string[]) => {
      const harvested = await harvest(named(...images), { store, client, platforms: [AMD64] });
      return (await unpack(store, await bundleLayers(harvested, { store, budget: 9 }))).get(current)?.toString();
    };
    assert.equal(await tagOf('app:1', `app:1@${two.root.digest}`), one.root.digest);
    assert.equal(await tagOf(`app:1@${two.root.digest}`), two.root.digest);
    assert.equal(await tagOf(`app:1@${one.root.digest}`, `app:1@${two.root.digest}`), undefined);
    assert.equal(await tagOf(`app@${one.root.digest}`), undefined);
  }));

test('without layers left there is an error, and one layer is enough for everything', () =>
  withStore(async (store) => {
    const images = {
      'a:1': makeImage([gzipLayer('a', BIG), gzipLayer('s', 10)]),
      'b:1': makeImage([gzipLayer('b', BIG), gzipLayer('s', 10)]),
    };
    await assert.rejects(bundle(store, images, { budget: 0 }), { code: 'TOO_MANY_LAYERS' });
    const [all, ...none] = await bundle(store, images, { budget: 1 });
    assert.ok(all);
    assert.deepEqual(none, []);
    const files = await unpack(store, [all]);
    for (const image of Object.values(images)) {
      for (const [digest, bytes] of image.content) assert.deepEqual(files.get(blobPath(digest)), bytes);
    }
    const have = readInventory({ layers: [all.descriptor] });
    assert.equal(have.blobs.size, 2);
    assert.deepEqual(await bundle(store, images, { budget: 1, have }), []);
  }));

test('only the platforms of the cluster image are carried', () =>
  withStore(async (store) => {
    const arm64 = makeImage([gzipLayer('arm', 100)], 'linux/arm64');
    const amd64 = makeImage([gzipLayer('amd', 100)]);
    const client = new FakeClient().put('a:1', makeIndex({ 'linux/amd64': amd64, 'linux/arm64': arm64 }));
    const platforms = [AMD64, parsePlatform('linux/arm64')];
    const harvested = await harvest(named('a:1'), { store, client, platforms });
    const files = await unpack(store, await bundleLayers(harvested, { store, budget: 9, platforms: [AMD64] }));
    assert.ok(files.has(blobPath(amd64.root.digest)));
    assert.ok(!files.has(blobPath(arm64.root.digest)));
    const alone = await harvest(named('a:1'), { store, client, platforms: [AMD64] });
    assert.deepEqual(
      digests(await bundleLayers(alone, { store, budget: 9 })),
      digests(await bundleLayers(harvested, { store, budget: 9, platforms: [AMD64] })),
    );
  }));
