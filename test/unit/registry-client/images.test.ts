import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Descriptor, describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { OCI_INDEX } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { pullImage, pushImage } from '../../../src/registry/client/index.ts';
import { noise } from '../../lab/scratch.ts';
import { storeOf } from '../../lab/stores.ts';
import { answer } from './fake-registry.ts';
import { keep, type MadeImage, makeImage, sealerError, seed, setUp } from './setting.ts';

const shared = noise(5000, '9');
const amd = makeImage([shared, noise(3000, '1')]);
const arm = makeImage([shared, noise(3000, '2')], {}, 'arm64');
const index = makeIndex([
  { ...amd.manifest, platform: parsePlatform('linux/amd64') },
  { ...arm.manifest, platform: parsePlatform('linux/arm64') },
]);

function makeIndex(manifests: readonly Descriptor[]): { bytes: Buffer; descriptor: Descriptor } {
  // Unusual white space: bytes that are written again would have another digest.
  const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, null, 3));
  return { bytes, descriptor: describeBytes(bytes, OCI_INDEX) };
}

type Setting = Awaited<ReturnType<typeof setUp>>;

function seedIndex({ registry }: Setting, repository = 'team/app'): void {
  for (const image of [amd, arm]) seed(registry, repository, image);
  for (const name of ['v1', index.descriptor.digest]) {
    registry.manifests.set(`${repository}:${name}`, { type: OCI_INDEX, bytes: index.bytes });
  }
}

const sizeOf = ({ bytes, config, layers }: MadeImage) =>
  [bytes, config, ...layers].reduce((sum, each) => sum + each.length, 0);

test('one platform is pulled, and the index stays whole', async (t) => {
  const setting = await setUp(t);
  seedIndex(setting);
  const store = await storeOf(t);
  const platforms = [parsePlatform('linux/arm64')];
  const pulled = await pullImage(setting.client, store, setting.ref('team/app:v1'), { platforms });
  assert.deepEqual(pulled, { descriptor: index.descriptor, moved: index.bytes.length + sizeOf(arm), reused: 0 });
  assert.deepEqual(await store.bytes(index.descriptor.digest), index.bytes);
  assert.equal(await store.stat(amd.manifest.digest), undefined);
  assert.deepEqual(await store.bytes(arm.manifest.digest), arm.bytes);
});

test('all platforms are pulled, a shared layer once, and nothing the second time', async (t) => {
  const setting = await setUp(t);
  seedIndex(setting);
  const store = await storeOf(t);
  const options = { platforms: 'all' } as const;
  const { moved } = await pullImage(setting.client, store, setting.ref('team/app:v1'), options);
  const all = index.bytes.length + sizeOf(amd) + sizeOf(arm) - shared.length;
  assert.equal(moved, all);
  setting.registry.seen.length = 1;
  const again = await pullImage(setting.client, store, setting.ref('team/app:v1'), options);
  assert.deepEqual(again, { descriptor: index.descriptor, moved: 0, reused: all });
  assert.deepEqual(setting.registry.calls().slice(1), ['HEAD /v2/team/app/manifests/v1']);
});

test('a platform that is not there is named, with what is', async (t) => {
  const setting = await setUp(t);
  seedIndex(setting);
  const platforms = [parsePlatform('linux/s390x')];
  const pulling = pullImage(setting.client, await storeOf(t), setting.ref('team/app:v1'), { platforms });
  await assert.rejects(pulling, sealerError('PLATFORM_NOT_FOUND', /s390x/, /linux\/amd64, linux\/arm64/));
});

test('one blob that cannot be had fails the pull; the others are not waited for and nothing goes on', {
  timeout: 60_000,
}, async (t) => {
  const { client, registry, ref } = await setUp(t);
  const image = makeImage(Array.from({ length: 12 }, (_, i) => noise(500, String(i + 40))));
  seed(registry, 'team/app', image, 'v1');
  const BLOBS = /^GET .*blobs/;
  // One is not there; the others are asked for, and never answered.
  registry.script(BLOBS, answer(404, {}, '{"errors":[{"code":"BLOB_UNKNOWN"}]}'));
  registry.always(BLOBS, () => true);
  const pulling = pullImage(client, await storeOf(t), ref('team/app:v1'));
  await assert.rejects(pulling, sealerError('IMAGE_NOT_FOUND', /BLOB_UNKNOWN/));
  const before = registry.calls(BLOBS).length;
  assert.ok(before <= 5, `${before} of 13 blobs were asked for`);
  // What was sent before this question has come before its answer.
  await client.resolve(ref('team/app:v1'));
  assert.equal(registry.calls(BLOBS).length, before);
});

test('a layer that may not be distributed is left out of pull and push where it is absent', async (t) => {
  const setting = await setUp(t);
  const foreign = {
    ...describeBytes(noise(10), ''),
    mediaType: 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  };
  const image = makeImage([], { layers: [foreign] });
  seed(setting.registry, 'team/app', image, 'v1');
  const store = await storeOf(t);
  const { descriptor } = await pullImage(setting.client, store, setting.ref('team/app:v1'));
  await pushImage(setting.client, store, descriptor, setting.ref('team/copy:v1'));
  assert.ok(setting.registry.manifests.has('team/copy:v1'));
});

test('progress tells of each blob, and adds up', async (t) => {
  const setting = await setUp(t);
  seed(setting.registry, 'team/app', amd, 'v1');
  const { events, client } = setting;
  await pullImage(client, await storeOf(t), setting.ref('team/app:v1'), { report: (event) => events.push(event) });
  for (const blob of [amd.config, ...amd.layers]) {
    const id = describeBytes(blob, '').digest;
    const own = events.filter((event) => 'id' in event && event.id === id);
    assert.equal(own[0]?.type, 'start');
    assert.deepEqual(own.at(-1), { type: 'end', id, outcome: 'done', moved: blob.length });
    const advanced = own.map((event) => (event.type === 'advance' ? event.delta : 0)).reduce((a, b) => a + b);
    assert.equal(advanced, blob.length);
  }
});

async function storeWithIndex(t: Parameters<typeof storeOf>[0]) {
  const store = await storeOf(t);
  for (const image of [amd, arm]) await keep(store, image);
  await store.add(index.bytes, OCI_INDEX);
  return store;
}

test('a push puts blobs, then manifests, then the index by its tag, all bytes as they were', async (t) => {
  const setting = await setUp(t);
  const { client, registry } = setting;
  const store = await storeWithIndex(t);
  const pushed = await pushImage(client, store, index.descriptor, setting.ref('team/app:v1'));
  const all = index.bytes.length + sizeOf(amd) + sizeOf(arm) - shared.length;
  assert.deepEqual(pushed, { digest: index.descriptor.digest, moved: all, mounted: 0, reused: 0 });
  assert.deepEqual(registry.manifests.get('team/app:v1')?.bytes, index.bytes);
  const puts = registry.calls(/^PUT/).map((line) => (line.includes('/blobs/') ? 'blob' : line.slice(4)));
  assert.deepEqual(puts.slice(0, 5), ['blob', 'blob', 'blob', 'blob', 'blob']);
  const names = [amd, arm].map(({ manifest }) => `/v2/team/app/manifests/${manifest.digest}`);
  assert.deepEqual(puts.slice(5, 7).sort(), names.sort());
  assert.deepEqual(puts.slice(7), ['/v2/team/app/manifests/v1']);

  registry.seen.length = 1;
  const again = await pushImage(client, store, index.descriptor, setting.ref('team/app:v1'));
  assert.deepEqual(again, { digest: index.descriptor.digest, moved: 0, mounted: 0, reused: all });
  assert.deepEqual(registry.calls(/ \/v2\/.*blobs/), [], 'where the manifest is, no blob is asked for');
});

test('what the registry has in another repository is mounted, also in a later run', async (t) => {
  const setting = await setUp(t);
  const store = await storeWithIndex(t);
  await pushImage(setting.client, store, index.descriptor, setting.ref('team/app:v1'));
  const { moved, mounted } = await pushImage(setting.client, store, index.descriptor, setting.ref('team/copy:v1'));
  assert.equal(moved, index.bytes.length + amd.bytes.length + arm.bytes.length);
  assert.equal(mounted, sizeOf(amd) + sizeOf(arm) - shared.length - amd.bytes.length - arm.bytes.length);
});

test('an index of which the store has one platform is pushed with that one', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  await keep(store, amd);
  await store.add(index.bytes, OCI_INDEX);
  await pushImage(setting.client, store, index.descriptor, setting.ref('team/app:v1'));
  assert.ok(setting.registry.manifests.has(`team/app:${amd.manifest.digest}`));
});

test('a registry that wants all platforms: the error says what to do', async (t) => {
  const setting = await setUp(t);
  const store = await storeOf(t);
  await store.add(index.bytes, OCI_INDEX);
  setting.registry.always(/^PUT .*manifests/, answer(400, {}, '{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}'));
  await assert.rejects(
    pushImage(setting.client, store, index.descriptor, setting.ref('team/app:v1')),
    sealerError('REGISTRY_ERROR', /MANIFEST_BLOB_UNKNOWN/, /all platforms/),
  );
});

test('what refers to a pushed image goes with it', async (t) => {
  const setting = await setUp(t);
  const store = await storeWithIndex(t);
  const sbom = makeImage([noise(77, '5')], { subject: arm.manifest, artifactType: 'application/spdx+json' });
  const signature = makeImage([noise(78, '6')], { subject: sbom.manifest, artifactType: 'a/signature' });
  for (const each of [sbom, signature]) await keep(store, each);
  await pushImage(setting.client, store, index.descriptor, setting.ref('team/app:v1'));
  for (const each of [sbom, signature]) {
    assert.ok(setting.registry.manifests.has(`team/app:${each.manifest.digest}`));
  }
});

test('a damaged blob of the store is found out by the registry, named, and removed', async (t) => {
  const setting = await setUp(t);
  const store = await storeWithIndex(t);
  const digest = describeBytes(shared, '').digest;
  const place = await store.locate(digest);
  assert.ok(place !== undefined);
  const { writeFile, chmod } = await import('node:fs/promises');
  await chmod(place.file, 0o644);
  await writeFile(place.file, Buffer.alloc(shared.length));
  await assert.rejects(
    pushImage(setting.client, store, index.descriptor, setting.ref('team/app:v1')),
    sealerError('DIGEST_MISMATCH', new RegExp(digest)),
  );
  assert.equal(await store.stat(digest), undefined);
});

test('at most four blobs of one registry are in flight', { timeout: 60_000 }, async (t) => {
  const setting = await setUp(t);
  const image = makeImage(Array.from({ length: 12 }, (_, i) => noise(500, String(i + 20))));
  seed(setting.registry, 'team/app', image, 'v1');
  let now = 0;
  let most = 0;
  const { promise: four, resolve: allow } = Promise.withResolvers<void>();
  setting.registry.always(/^GET .*blobs/, async () => {
    now += 1;
    most = Math.max(most, now);
    // Nobody is answered before four have come; a fifth would come in the time that they are kept after that.
    if (now === 4) allow();
    await four;
    await new Promise((resolve) => setTimeout(resolve, 5));
    now -= 1;
    return undefined;
  });
  await pullImage(setting.client, await storeOf(t), setting.ref('team/app:v1'));
  assert.equal(most, 4);
});
