import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { blobKeeper, harvest } from '../../../src/cluster-image/index.ts';
import { SealerError } from '../../../src/error.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { Digest } from '../../../src/oci/digest.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import type { Reference } from '../../../src/oci/reference.ts';
import type { Ingest, Store } from '../../../src/oci/store/index.ts';
import { type Pull, type PullThroughOptions, pullThroughStorage } from '../../../src/registry/proxy/index.ts';
import { ApiError, type RegistryStorage } from '../../../src/registry/server/index.ts';
import { withStore } from '../../lab/stores.ts';
import { FakeClient, gzipLayer, type MadeImage, makeImage, makeIndex, named } from '../cluster-image/image-maker.ts';

const AMD64 = parsePlatform('linux/amd64');
const BIG = 1_200_000;
const ORIGIN = { host: '10.1.2.3:4567', namespace: 'docker.io' };
const APP = 'docker.io/library/app';

interface Proxy {
  readonly storage: RegistryStorage;
  readonly pulls: Pull[];
}

function proxy(store: Store, source: FakeClient, options: Partial<PullThroughOptions> = {}): Proxy {
  const pulls: Pull[] = [];
  const onPull = (pull: Pull): void => void pulls.push(pull);
  return { storage: pullThroughStorage({ store, source, onPull, ...options }), pulls };
}

/** Does what containerd does for an image of amd64; answers the blobs. */
async function pull(storage: RegistryStorage, image: MadeImage, tag?: string): Promise<(Buffer | undefined)[]> {
  const root = tag === undefined ? image.root.digest : await storage.resolve(APP, tag);
  assert.equal(root, image.root.digest);
  return fetchBelow(storage, image.root.digest);
}

async function fetchBelow(storage: RegistryStorage, digest: Digest): Promise<(Buffer | undefined)[]> {
  const stored = await storage.manifest(APP, digest);
  assert.ok(stored);
  const { manifests, config, layers } = JSON.parse(stored.bytes.toString());
  if (manifests !== undefined) return fetchBelow(storage, manifests[0].digest);
  return Promise.all([config, ...layers].map((each: Descriptor) => read(storage, each.digest)));
}

async function read(storage: RegistryStorage, digest: Digest): Promise<Buffer | undefined> {
  const blob = await storage.blob(APP, digest);
  if (blob === undefined) return undefined;
  if ('file' in blob) return readFile(blob.file);
  return Buffer.concat(await (await blob.open({ start: 0, end: blob.size - 1 })).toArray());
}

function blobRequests({ requests }: FakeClient): string[] {
  return requests.filter((each) => each.startsWith('BLOB'));
}

async function refusal(work: Promise<unknown>): Promise<ApiError> {
  const error = await work.then(
    () => undefined,
    (reason) => reason,
  );
  assert.ok(error instanceof ApiError, String(error));
  return error;
}

test('an image comes through whole, is kept, and is recorded once, under the name that was asked for', () =>
  withStore(async (store) => {
    const amd64 = makeImage([gzipLayer('a', BIG), gzipLayer('b', 100)]);
    const index = makeIndex({ 'linux/amd64': amd64, 'linux/arm64': makeImage([], 'linux/arm64') });
    const client = new FakeClient().put('app:1', index);
    const { storage, pulls } = proxy(store, client);
    for (let i = 0; i < 2; i++) {
      const blobs = await pull(storage, index, '1');
      assert.equal(blobs.length, 3);
      for (const bytes of blobs) assert.ok([...amd64.content.values()].some((each) => bytes?.equals(each)));
    }
    assert.deepEqual(
      pulls.map(({ at, ...rest }) => rest),
      [{ name: `${APP}:1`, digest: index.root.digest, outcome: 'served' }],
    );
    assert.equal(client.requests.filter((each) => each.startsWith('HEAD')).length, 1);
    assert.equal(blobRequests(client).length, 3, 'config and two layers, each once');
  }));

test('a harvest after the proxy moves nothing and writes no layer again', () =>
  withStore(async (store) => {
    const index = makeIndex({ 'linux/amd64': makeImage([gzipLayer('a', BIG), gzipLayer('b', 100)]) });
    const client = new FakeClient().put('app:1', index);
    const { storage } = proxy(store, client, { bringBlob: blobKeeper({ store, client }) });
    await pull(storage, index, '1');
    client.requests.length = 0;
    const resolved = new Map([[`${APP}:1`, index.root]]);
    const wrapped = store.ingest;
    store.ingest = () => assert.fail('nothing is left to write');
    const harvested = await harvest(named('app:1'), { store, client, platforms: [AMD64], resolved });
    store.ingest = wrapped;
    assert.equal(harvested.moved, 0);
    assert.equal(harvested.blobLayers.size, 1);
    assert.deepEqual(client.requests, []);
  }));

test('who pulls at the same time shares one fetch of everything', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', BIG), gzipLayer('b', 100)]);
    const client = new FakeClient().put('app:1', image);
    const { storage } = proxy(store, client);
    await Promise.all(Array.from({ length: 10 }, () => pull(storage, image, '1')));
    assert.equal(client.requests.length, 1 + 1 + 3, client.requests.join('\n'));
  }));

test('what is known already is not asked for, even when the tag has moved', () =>
  withStore(async (store) => {
    const old = makeImage([gzipLayer('old', 100)]);
    const client = new FakeClient().put('app:1', makeImage([gzipLayer('new', 100)]));
    const getDocument = client.document.bind(client);
    const byDigest = new FakeClient().put(`app@${old.root.digest}`, old);
    client.document = (ref) => (ref.digest === old.root.digest ? byDigest.document(ref) : getDocument(ref));
    client.fetchBlob = (...args) => byDigest.fetchBlob(...args);
    const { storage } = proxy(store, client, { resolved: new Map([[`${APP}:1`, old.root]]) });
    await pull(storage, old, '1');
    assert.deepEqual(client.requests, []);
  }));

test('a tag stays what it was when it was first asked for', () =>
  withStore(async (store) => {
    const first = makeImage([gzipLayer('first', 100)]);
    const client = new FakeClient().put('app:1', first);
    const { storage } = proxy(store, client);
    await pull(storage, first, '1');
    client.put('app:1', makeImage([gzipLayer('second', 100)]));
    await pull(storage, first, '1');
  }));

test('an image that is asked for by its digest is recorded by it', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 100)]);
    const client = new FakeClient().put('app:1', image);
    const { storage, pulls } = proxy(store, client);
    await pull(storage, image);
    assert.deepEqual(
      pulls.map(({ name }) => name),
      [`${APP}@${image.root.digest}`],
    );
    await pull(storage, image, '1');
    assert.equal(pulls[1]?.name, `${APP}:1`);
  }));

test('what does not exist is recorded as missing, and is found when it comes into being', () =>
  withStore(async (store) => {
    const client = new FakeClient();
    const { storage, pulls } = proxy(store, client);
    for (let i = 0; i < 2; i++) assert.equal(await storage.resolve(APP, '1'), undefined);
    assert.equal(pulls.length, 1);
    assert.match(pulls[0]?.reason ?? '', /^IMAGE_NOT_FOUND: .*app:1 does not exist/);
    const image = makeImage([gzipLayer('a', 100)]);
    client.put('app:1', image);
    await pull(storage, image, '1');
    assert.deepEqual(
      pulls.map(({ outcome }) => outcome),
      ['missing', 'served'],
    );
  }));

test('failures upstream become answers that say whether to come back, and nothing of what upstream said', () =>
  withStore(async (store) => {
    const cases = [
      ['RATE_LIMITED', 503, '60'],
      ['REGISTRY_UNREACHABLE', 503, '10'],
      ['REGISTRY_ERROR', 503, '10'],
      ['UNAUTHORIZED', 403, undefined],
      ['DENIED', 403, undefined],
      ['DIGEST_MISMATCH', 502, undefined],
      ['INVALID_MANIFEST', 502, undefined],
    ] as const;
    for (const [code, status, retryAfter] of cases) {
      const client = new FakeClient();
      client.resolve = async () => {
        throw new SealerError(code, 'account bob of internal.example.com');
      };
      const { storage, pulls } = proxy(store, client);
      const error = await refusal(storage.resolve(APP, code.toLowerCase()));
      assert.equal(error.status, status, code);
      assert.equal(error.headers['Retry-After'], retryAfter);
      assert.doesNotMatch(error.toBody().toString(), /bob|internal/);
      assert.equal(pulls[0]?.reason, `${code}: account bob of internal.example.com`);
      assert.equal(pulls[0]?.name, `${APP}:${code.toLowerCase()}`);
    }
  }));

test('a blob that cannot be had is told under the name of its image, and tried again when it is asked for again', () =>
  withStore(async (store) => {
    const layer = gzipLayer('a', 100);
    const image = makeImage([layer]);
    const digest = JSON.parse(String(image.content.get(image.root.digest))).layers[0].digest;
    const client = new FakeClient().put('app:1', image);
    client.broken.add(digest);
    const { storage, pulls } = proxy(store, client);
    const root = await storage.resolve(APP, '1');
    assert.ok(root);
    await storage.manifest(APP, root);
    assert.equal((await refusal(storage.blob(APP, digest))).status, 503);
    assert.deepEqual(
      pulls.map(({ name, outcome }) => `${outcome} ${name}`),
      [`served ${APP}:1`, `missing ${APP}:1`],
    );
    client.broken.clear();
    assert.deepEqual(await read(storage, digest), layer);
  }));

test('content that is not what its digest says does not get through', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 5000)]);
    const digest = JSON.parse(String(image.content.get(image.root.digest))).layers[0].digest;
    const client = new FakeClient().put('app:1', image);
    const { fetchBlob } = client;
    client.fetchBlob = async (reference: Reference, blob: Descriptor, ingest: Ingest) => {
      if (blob.digest !== digest) return fetchBlob.call(client, reference, blob, ingest);
      await ingest.write(Buffer.alloc(blob.size, 1));
    };
    const { storage } = proxy(store, client);
    await storage.resolve(APP, '1');
    await storage.manifest(APP, image.root.digest);
    assert.equal((await refusal(storage.blob(APP, digest))).status, 502);
    assert.equal(await store.stat(digest), undefined);
  }));

test('config and the largest layers begin to come with the manifest, and what is asked for does not wait for them', () =>
  withStore(async (store) => {
    const layers = Array.from({ length: 8 }, (_, i) => gzipLayer(String(i), 70_000 * (i + 1)));
    const image = makeImage(layers);
    const sizes = layers.map(({ length }) => length).sort((a, b) => b - a);
    const begun: number[] = [];
    const { promise: allowed, resolve: allow } = Promise.withResolvers<void>();
    const bringBlob = async ({ size, digest }: Descriptor) => {
      begun.push(size);
      // The smallest layer is the one that is asked for; the others take their time.
      if (size !== sizes.at(-1)) await allowed;
      await store.add(image.content.get(digest) ?? Buffer.alloc(0), '');
    };
    const client = new FakeClient().put('app:1', image);
    const { storage } = proxy(store, client, { bringBlob });
    await storage.resolve(APP, '1');
    await storage.manifest(APP, image.root.digest);
    while (begun.length < 4) await new Promise((resolve) => setImmediate(resolve));
    const document = JSON.parse(String(image.content.get(image.root.digest)));
    assert.deepEqual(
      begun.toSorted((a, b) => b - a),
      [...sizes.slice(0, 3), document.config.size],
    );
    assert.ok(await read(storage, document.layers[0].digest));
    assert.equal(begun.length, 5, 'and no other of those that nobody asked for');
    allow();
    for (const { digest } of document.layers) assert.ok(await read(storage, digest));
    await storage.close?.();
  }));

test('a blob that nobody led to is not asked for upstream, nor are lists', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 100)]);
    const client = new FakeClient().put('app:1', image);
    const { storage, pulls } = proxy(store, client);
    for (const digest of image.content.keys()) assert.equal(await storage.blob(APP, digest), undefined);
    assert.deepEqual(await storage.referrers(APP, image.root.digest), []);
    assert.deepEqual(await storage.tags(APP), []);
    assert.deepEqual(await storage.repositories(ORIGIN), []);
    assert.deepEqual(client.requests, []);
    assert.deepEqual(pulls, []);
  }));

test('a blob is found by a runtime that has the manifest from elsewhere', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 100)]);
    const index = makeIndex({ 'linux/amd64': image });
    await store.add(image.content.get(image.root.digest) ?? Buffer.alloc(0), image.root.mediaType);
    const client = new FakeClient().put('app:1', index);
    const { storage } = proxy(store, client);
    await storage.resolve(APP, '1');
    await storage.manifest(APP, index.root.digest);
    const digest = JSON.parse(String(image.content.get(image.root.digest))).layers[0].digest;
    assert.ok(await read(storage, digest));
  }));

test('addresses that no registry has, and our own, are refused however they are written', () =>
  withStore(async (store) => {
    const { storage } = proxy(store, new FakeClient());
    const bad = ['169.254.169.254', '169.254.169.254:80', '[fe80::1]:5000', '10.1.2.3:4567', '0xa9.254.169.254'];
    for (const namespace of [...bad, '[::ffff:169.254.169.254]', 'metadata.google.internal']) {
      const error = await refusal(storage.locate('x', { ...ORIGIN, namespace }, 'read'));
      assert.equal(error.status === 403 || error.status === 400, true, namespace);
    }
    assert.equal(await storage.locate('x', { ...ORIGIN, namespace: '10.1.2.3:5000' }, 'read'), '10.1.2.3:5000/x');
  }));

test('closing stops what is under way and lets nothing begin', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 100)]);
    const client = new FakeClient().put('app:1', image);
    const bringBlob = (_blob: Descriptor, _from: Reference, signal: AbortSignal) =>
      new Promise<void>((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
    const { storage } = proxy(store, client, { bringBlob });
    await storage.resolve(APP, '1');
    await storage.manifest(APP, image.root.digest);
    const digest = JSON.parse(String(image.content.get(image.root.digest))).layers[0].digest;
    const waiting = refusal(storage.blob(APP, digest));
    await storage.close?.();
    assert.equal((await waiting).status, 503);
  }));

test('a blob that one repository cannot give is taken from another that has it', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('a', 100)]);
    const client = new FakeClient().put('app:1', image).put('quay.io/app:1', image);
    const { fetchBlob } = client;
    client.fetchBlob = async (reference, ...rest) => {
      if (reference.registry === 'docker.io') throw new SealerError('REGISTRY_UNREACHABLE', 'down');
      return fetchBlob.call(client, reference, ...rest);
    };
    const { storage } = proxy(store, client);
    const digest = JSON.parse(String(image.content.get(image.root.digest))).layers[0].digest;
    for (const repository of [APP, 'quay.io/app']) {
      await storage.resolve(repository, '1');
      await storage.manifest(repository, image.root.digest);
    }
    const first = storage.blob(APP, digest).catch(() => undefined);
    assert.ok(await storage.blob('quay.io/app', digest));
    await first;
  }));
