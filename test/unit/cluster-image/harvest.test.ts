import assert from 'node:assert/strict';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { type HarvestOptions, harvest } from '../../../src/cluster-image/index.ts';
import type { NamedImage } from '../../../src/discover/index.ts';
import { SealerError } from '../../../src/error.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import type { ProgressEvent } from '../../../src/progress.ts';
import { withStore } from '../../lab/stores.ts';
import { FakeClient, gzipLayer, makeImage, makeIndex, named } from './image-maker.ts';

const AMD64 = parsePlatform('linux/amd64');
const ARM64 = parsePlatform('linux/arm64');
const BIG = 1_200_000;

const options = (store: Store, client: FakeClient, more: Partial<HarvestOptions> = {}): HarvestOptions => ({
  store,
  client,
  platforms: [AMD64],
  ...more,
});

async function failureOf(work: Promise<unknown>): Promise<SealerError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error instanceof SealerError, String(error));
  return error;
}

test('an image comes with index, manifest, config and layers of the wanted platform, and nothing of the others', () =>
  withStore(async (store) => {
    const amd64 = makeImage([gzipLayer('a', BIG), gzipLayer('b', 100)]);
    const arm64 = makeImage([gzipLayer('c', 100)], 'linux/arm64');
    const attestation = makeImage([gzipLayer('d', 100)], 'unknown/unknown');
    const index = makeIndex({ 'linux/arm64': arm64, 'linux/amd64': amd64, 'unknown/unknown': attestation });
    const client = new FakeClient().put('app:1', index);
    const { images, moved, reused } = await harvest(named('app:1'), options(store, client));
    assert.equal(images[0]?.digest, index.root.digest);
    assert.deepEqual(
      images[0]?.indexes.map(({ digest }) => digest),
      [index.root.digest],
    );
    assert.deepEqual(
      images[0]?.manifests.map(({ descriptor }) => descriptor.digest),
      [amd64.root.digest],
    );
    for (const digest of amd64.content.keys()) assert.notEqual(await store.stat(digest), undefined);
    for (const digest of [...arm64.content.keys(), ...attestation.content.keys()]) {
      assert.equal(await store.stat(digest), undefined);
    }
    const bytes = [index.root.size, ...[...amd64.content.values()].map((each) => each.byteLength)];
    assert.equal(
      moved,
      bytes.reduce((sum, each) => sum + each, 0),
    );
    assert.equal(images[0]?.size, moved);
    assert.equal(reused, 0);
    assert.deepEqual(await store.bytes(index.root.digest), index.content.get(index.root.digest));
  }));

test('a second harvest fetches nothing, and with a trusted resolution asks nothing', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', BIG), gzipLayer('b', 100)]);
    const client = new FakeClient().put('app:1', image).put('other:1', makeImage([gzipLayer('a', BIG)]));
    const images = named('app:1', 'other:1');
    const first = await harvest(images, options(store, client));
    client.requests.length = 0;
    const second = await harvest(images, options(store, client));
    assert.deepEqual(client.requests, ['HEAD docker.io/library/app:1', 'HEAD docker.io/library/other:1']);
    assert.equal(second.moved, 0);
    assert.equal(second.reused, first.moved);
    assert.deepEqual(second.blobLayers, first.blobLayers);
    client.requests.length = 0;
    const resolved = new Map(
      first.images.map(({ reference, digest }) => [`docker.io/${reference.repository}:1`, { digest }]),
    );
    const third = await harvest(images, options(store, client, { resolved }));
    assert.deepEqual(client.requests, []);
    assert.deepEqual(third.images, first.images);
  }));

test('offline builds use what registries said the last time, and say what is missing', () =>
  withStore(async (store) => {
    const client = new FakeClient().put('app:1', makeImage([gzipLayer('a', BIG)])).put('new:1', makeImage([]));
    await harvest(named('app:1'), options(store, client));
    client.requests.length = 0;
    const again = await harvest(named('app:1'), options(store, client, { offline: true }));
    assert.equal(again.images.length, 1);
    const error = await failureOf(harvest(named('app:1', 'new:1'), options(store, client, { offline: true })));
    assert.deepEqual(
      error.problems.map(({ code }) => code),
      ['IMAGE_NOT_FOUND'],
    );
    assert.deepEqual(client.requests, []);
  }));

test('a blob of several images is fetched once', () =>
  withStore(async (store) => {
    const shared = gzipLayer('shared', BIG);
    const client = new FakeClient();
    for (const name of ['a:1', 'b:1', 'quay.io/c:1']) client.put(name, makeImage([shared, gzipLayer(name, 100)]));
    await harvest(named('a:1', 'b:1', 'quay.io/c:1'), options(store, client));
    const blobs = client.requests.filter((each) => each.startsWith('BLOB')).map((each) => each.split(' ')[2]);
    assert.equal(new Set(blobs).size, blobs.length);
  }));

test('a blob that one registry cannot give is taken from another image that has it', () =>
  withStore(async (store) => {
    const shared = gzipLayer('shared', BIG);
    const image = makeImage([shared]);
    const broken = new FakeClient().put('a:1', image).put('b:1', image);
    const { fetchBlob } = broken;
    broken.fetchBlob = async (reference, ...rest) => {
      if (reference.repository === 'library/a' && rest[0].size >= BIG) {
        throw new SealerError('REGISTRY_UNREACHABLE', 'down');
      }
      return fetchBlob.call(broken, reference, ...rest);
    };
    const { blobLayers } = await harvest(named('a:1', 'b:1'), options(store, broken));
    assert.equal(blobLayers.size, 1);
  }));

test('a blob that the store has as it is, is wrapped without asking the registry, and once', () =>
  withStore(async (store) => {
    const layer = gzipLayer('a', BIG);
    const image = makeImage([layer]);
    for (const bytes of image.content.values()) await store.add(bytes, 'application/octet-stream');
    const client = new FakeClient().put('app:1', image);
    const first = await harvest(named('app:1'), options(store, client));
    assert.deepEqual(client.requests, ['HEAD docker.io/library/app:1']);
    assert.equal(first.moved, 0);
    const [wrapped] = first.blobLayers.values();
    assert.ok(wrapped);
    assert.ok(((await store.stat(wrapped.descriptor.digest)) ?? 0) > layer.byteLength);
    const ingest = store.ingest;
    store.ingest = () => assert.fail('wrapped again');
    const second = await harvest(named('app:1'), options(store, client));
    store.ingest = ingest;
    assert.deepEqual(second.blobLayers, first.blobLayers);
  }));

test('a layer that was forgotten is made once more, of what it holds, and is the same', () =>
  withStore(async (store) => {
    const client = new FakeClient().put('app:1', makeImage([gzipLayer('a', BIG)]));
    const first = await harvest(named('app:1'), options(store, client));
    const memory = await store.cacheFolder('wrapped-blobs');
    for (const forget of [
      () => rm(memory, { recursive: true }),
      async () => {
        for (const name of await readdir(memory)) await writeFile(join(memory, name), '{"layer":"sha256:0"}');
      },
    ]) {
      await forget();
      client.requests.length = 0;
      const again = await harvest(named('app:1'), options(store, client));
      assert.equal(again.moved, 0);
      assert.deepEqual(again.blobLayers, first.blobLayers);
      assert.ok(!client.requests.some((each) => each.startsWith('BLOB')));
    }
  }));

test('all images that fail are in one error, each with its places, its reason and a hint', () =>
  withStore(async (store) => {
    const client = new FakeClient()
      .put('good:1', makeImage([]))
      .put('arm:1', makeImage([gzipLayer('a', 10)], 'linux/arm64'))
      .put('index:1', makeIndex({ 'linux/arm64': makeImage([], 'linux/arm64') }));
    const images = named(['gone:1', 'a.yaml'], ['good:1', 'a.yaml'], ['arm:1', 'b.yaml'], ['index:1', 'c.yaml']);
    const [gone] = images;
    assert.ok(gone?.findings[0]);
    images[0] = { ...gone, findings: [gone.findings[0], { ...gone.findings[0], at: { file: 'z.yaml', line: 7 } }] };
    const error = await failureOf(harvest(images, options(store, client)));
    assert.equal(error.code, 'IMAGES_MISSING');
    assert.deepEqual(
      error.problems.map(({ code, at }) => [code, at?.file]),
      [
        ['IMAGE_NOT_FOUND', 'a.yaml'],
        ['PLATFORM_NOT_FOUND', 'b.yaml'],
        ['PLATFORM_NOT_FOUND', 'c.yaml'],
      ],
    );
    assert.match(error.problems[0]?.message ?? '', /gone:1 does not exist \(also named at z\.yaml:7\)$/);
    assert.match(error.problems[1]?.hint ?? '', /linux\/arm64/);
  }));

test('a blob that cannot be had fails every image that needs it, after the others are in the store', () =>
  withStore(async (store) => {
    const shared = gzipLayer('shared', BIG);
    const fine = gzipLayer('fine', BIG);
    const client = new FakeClient()
      .put('a:1', makeImage([shared]))
      .put('b:1', makeImage([shared, fine]))
      .put('c:1', makeImage([fine]));
    client.broken.add(makeImage([shared]).content.keys().next().value ?? assert.fail());
    const error = await failureOf(harvest(named('a:1', 'b:1', 'c:1'), options(store, client)));
    assert.deepEqual(
      error.problems.map(({ code, message }) => `${code} ${message.split(':')[0]}`),
      ['REGISTRY_UNREACHABLE a', 'REGISTRY_UNREACHABLE b'],
    );
    assert.notEqual(await store.stat(makeImage([fine]).content.keys().next().value ?? assert.fail()), undefined);
  }));

test('a full disk ends the harvest as what it is', () =>
  withStore(async (store) => {
    const client = new FakeClient().put('a:1', makeImage([gzipLayer('a', 10)]));
    client.fetchBlob = async () => {
      throw new SealerError('DISK_FULL', 'full');
    };
    assert.equal((await failureOf(harvest(named('a:1'), options(store, client)))).code, 'DISK_FULL');
  }));

test('what a digest pins is fetched by that digest, whatever the tag says now', () =>
  withStore(async (store) => {
    const old = makeImage([gzipLayer('old', 10)]);
    const now = makeImage([gzipLayer('now', 10)]);
    const client = new FakeClient().put('app:0', old).put('app:1', now);
    const pinned = `app:1@${old.root.digest}`;
    const { images } = await harvest(named(pinned), options(store, client));
    assert.equal(images[0]?.digest, old.root.digest);
    assert.ok(!client.requests.some((each) => each.startsWith('HEAD')));
  }));

test('several platforms are all complete; an image of one platform does not do for two', () =>
  withStore(async (store) => {
    const both = makeIndex({
      'linux/amd64': makeImage([gzipLayer('x', 10)]),
      'linux/arm64': makeImage([gzipLayer('y', 10)], 'linux/arm64'),
    });
    const client = new FakeClient().put('both:1', both).put('one:1', makeImage([]));
    const platforms = [AMD64, ARM64];
    const { images } = await harvest(named('both:1'), options(store, client, { platforms }));
    assert.equal(images[0]?.manifests.length, 2);
    for (const digest of both.content.keys()) assert.notEqual(await store.stat(digest), undefined);
    const error = await failureOf(harvest(named('one:1'), options(store, client, { platforms })));
    assert.match(error.problems[0]?.message ?? '', /no image for linux\/arm64/);
  }));

test('the very platform is taken before one that would do, and nested indexes are entered', () =>
  withStore(async (store) => {
    const v3 = makeImage([gzipLayer('v3', 10)]);
    const plain = makeImage([gzipLayer('plain', 10)]);
    const inner = makeIndex({ 'linux/amd64': plain });
    const client = new FakeClient()
      .put('v:1', makeIndex({ 'linux/amd64/v3': v3, 'linux/amd64': plain }))
      .put('n:1', makeIndex({ '': inner }));
    const { images } = await harvest(named('n:1', 'v:1'), options(store, client));
    assert.deepEqual(
      images.map(({ manifests }) => manifests.map(({ descriptor }) => descriptor.digest)),
      [[plain.root.digest], [plain.root.digest]],
    );
    assert.equal(images[0]?.indexes.length, 2);
  }));

test("Docker's schema 1 is refused with what to do about it", () =>
  withStore(async (store) => {
    const client = new FakeClient().put('old:1', makeImage([]));
    client.resolve = async () => ({
      ...makeImage([]).root,
      mediaType: 'application/vnd.docker.distribution.manifest.v1+prettyjws',
    });
    const error = await failureOf(harvest(named('old:1'), options(store, client)));
    assert.match(error.problems[0]?.message ?? '', /schema 1/);
    assert.match(error.problems[0]?.hint ?? '', /Push the image again/);
  }));

test('an aborted harvest rejects with the reason', () =>
  withStore(async (store) => {
    const controller = new AbortController();
    const client = new FakeClient().put('a:1', makeImage([gzipLayer('a', 10)]));
    client.fetchBlob = async () => {
      controller.abort(new Error('stop'));
      throw new SealerError('REGISTRY_UNREACHABLE', 'cut');
    };
    await assert.rejects(harvest(named('a:1'), options(store, client, { signal: controller.signal })), /stop/);
  }));

test('progress tells of each blob: its size, what came, and why nothing came', () =>
  withStore(async (store) => {
    const layers = [gzipLayer('a', BIG), gzipLayer('b', 100)];
    const client = new FakeClient().put('app:1', makeImage(layers));
    for (const outcome of ['done', 'cached']) {
      const events: ProgressEvent[] = [];
      await harvest(named('app:1'), options(store, client, { report: (event) => events.push(event) }));
      for (const layer of layers) {
        const [start, ...rest] = events.filter((event) => 'id' in event && event.id === digestOf(layer));
        assert.ok(start?.type === 'start' && start.total === layer.byteLength && start.label.startsWith('app:1 '));
        const advanced = rest.reduce((sum, event) => sum + (event.type === 'advance' ? event.delta : 0), 0);
        const end = rest.at(-1);
        assert.equal(advanced, outcome === 'done' ? layer.byteLength : 0);
        assert.ok(end?.type === 'end' && end.outcome === outcome && end.moved === advanced);
      }
    }
  }));

test('text that may be no image at all is not waited for as an image is', () =>
  withStore(async (store) => {
    const waits = new Map<string, number | undefined>();
    class Watching extends FakeClient {
      override async resolve(
        ...[reference, , how]: Parameters<HarvestOptions['client']['resolve']>
      ): ReturnType<FakeClient['resolve']> {
        waits.set(reference.repository, how?.reachWithin);
        return await super.resolve(reference);
      }
    }
    const client = new Watching().put('sure:1', makeImage([])).put('maybe:1', makeImage([]));
    const images = named('maybe:1', 'sure:1').map(
      (image, i): NamedImage => ({
        ...image,
        findings: image.findings.map((finding) => ({ ...finding, certainty: i === 0 ? 'possible' : 'certain' })),
      }),
    );
    const { images: found } = await harvest(images, options(store, client));
    assert.equal(found.length, 2);
    assert.equal(waits.get('library/sure'), undefined);
    assert.ok((waits.get('library/maybe') ?? Number.POSITIVE_INFINITY) <= 5000);
  }));
