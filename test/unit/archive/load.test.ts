import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, type Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { loadArchive } from '../../../src/oci/archive/index.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { temporaryStore } from '../store/folder.ts';
import { json } from '../store/images.ts';
import { streamOf, type TestEntry, tarOf } from './tar.ts';

const LAYER = Buffer.alloc(20_000, 'a layer');
const CONFIG = json({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: [digestOf(LAYER)] } });
const describe = (mediaType: string, bytes: Buffer) => ({ mediaType, digest: digestOf(bytes), size: bytes.length });
const MANIFEST = json({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: describe(OCI_CONFIG, CONFIG),
  layers: [describe(OCI_LAYER, LAYER)],
});
const NAME = 'localhost/app:v1';

const blob = (bytes: Buffer): TestEntry => ({ path: `blobs/sha256/${digestOf(bytes).slice(7)}`, content: bytes });
const layout: TestEntry = { path: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' };
const index = (annotations?: object): TestEntry => ({
  path: 'index.json',
  content: json({ schemaVersion: 2, manifests: [{ ...describe(OCI_MANIFEST, MANIFEST), annotations }] }),
});
const named = index({ 'org.opencontainers.image.ref.name': NAME });
const OCI = [layout, named, blob(MANIFEST), blob(CONFIG), blob(LAYER)];

const docker = (layers: string[], tags: string[] | null = [NAME], config = 'config.json'): TestEntry => ({
  path: 'manifest.json',
  content: json([{ Config: config, RepoTags: tags, Layers: layers }]),
});
const configEntry: TestEntry = { path: 'config.json', content: CONFIG };

async function load(t: TestContext, archive: Buffer | Readable) {
  const store = await temporaryStore(t);
  const source = Buffer.isBuffer(archive) ? streamOf(archive) : archive;
  return { store, source, ...(await loadArchive(source, store)) };
}

/** Fails with a code, and leaves no name and no partial file. */
async function refuses(t: TestContext, code: string, entries: readonly TestEntry[] | Buffer): Promise<void> {
  const store = await temporaryStore(t);
  const archive = Buffer.isBuffer(entries) ? entries : tarOf(entries);
  await assert.rejects(loadArchive(streamOf(archive), store), { name: 'SealerError', code });
  assert.deepEqual(await store.names(), []);
}

test('an oci-archive loads in any order, plain or compressed', async (t) => {
  const variants = [tarOf(OCI), tarOf(OCI.toReversed()), gzipSync(tarOf(OCI)), zstdCompressSync(tarOf(OCI))];
  for (const archive of variants) {
    const { store, images } = await load(t, archive);
    assert.deepEqual(images, [{ name: NAME, descriptor: describe(OCI_MANIFEST, MANIFEST) }]);
    assert.deepEqual(await store.resolve(NAME), describe(OCI_MANIFEST, MANIFEST));
    assert.deepEqual(await store.bytes(digestOf(LAYER)), LAYER);
  }
});

test('the name is what containerd calls complete, else the reference name if it is more than a tag', async (t) => {
  const REF = 'org.opencontainers.image.ref.name';
  const cases: [object | undefined, string | undefined][] = [
    [{ 'io.containerd.image.name': 'docker.io/library/nginx:1.25', [REF]: '1.25' }, 'docker.io/library/nginx:1.25'],
    [{ [REF]: 'nginx:1.25' }, 'docker.io/library/nginx:1.25'],
    [{ [REF]: 'v1' }, undefined],
    [{ [REF]: 'not a name:' }, undefined],
    [undefined, undefined],
  ];
  for (const [annotations, name] of cases) {
    const { images } = await load(t, tarOf([layout, index(annotations), blob(MANIFEST), blob(CONFIG), blob(LAYER)]));
    assert.deepEqual(
      images.map((each) => each.name),
      [name],
    );
  }
});

test('a docker-archive gets a manifest that is the same every time, in any order', async (t) => {
  const layerEntry: TestEntry = { path: 'abc/layer.tar', content: LAYER };
  const entries = [docker(['abc/layer.tar']), configEntry, layerEntry, { path: 'repositories', content: '{}' }];
  const digests: string[] = [];
  for (const archive of [tarOf(entries), tarOf(entries.toReversed())]) {
    const { store, images } = await load(t, archive);
    const descriptor = await store.resolve(NAME);
    assert.deepEqual(images, [{ name: NAME, descriptor }]);
    assert.ok(descriptor);
    digests.push(descriptor.digest);
    const document = await store.document(descriptor.digest);
    assert.ok(document.kind === 'manifest');
    assert.deepEqual(document.manifest.config, describe(OCI_CONFIG, CONFIG));
    assert.deepEqual(document.manifest.layers, [describe(OCI_LAYER, LAYER)]);
  }
  assert.equal(digests[0], digests[1]);
});

test('layers that old versions of docker link, and compressed ones, are found', async (t) => {
  const linked = [
    docker(['second/layer.tar']),
    configEntry,
    { path: 'second/layer.tar', type: '2', linkname: '../first/layer.tar' },
    { path: 'first/layer.tar', content: LAYER },
    { path: 'first/VERSION', content: '1.0' },
    { path: 'first/json', content: '{}' },
  ];
  await load(t, tarOf(linked));
  const compressed = gzipSync(LAYER);
  const { store } = await load(t, tarOf([docker(['layer']), configEntry, { path: 'layer', content: compressed }]));
  const descriptor = await store.resolve(NAME);
  const document = descriptor && (await store.document(descriptor.digest));
  assert.ok(document?.kind === 'manifest');
  assert.deepEqual(document.manifest.layers, [describe(OCI_LAYER_GZIP, compressed)]);
});

test('an image without tags and one with two are loaded', async (t) => {
  const layerEntry: TestEntry = { path: 'layer', content: LAYER };
  const none = await load(t, tarOf([docker(['layer'], null), configEntry, layerEntry]));
  assert.deepEqual(
    none.images.map((each) => each.name),
    [undefined],
  );
  const two = await load(t, tarOf([docker(['layer'], ['a:1', 'b']), configEntry, layerEntry]));
  assert.deepEqual(
    two.images.map((each) => each.name),
    ['docker.io/library/a:1', 'docker.io/library/b:latest'],
  );
});

test('a load that broke off goes on with the blobs that it has', async (t) => {
  const store = await temporaryStore(t);
  const whole = tarOf(OCI.toReversed());
  // Cut within the manifest: config and layer are whole by then.
  await assert.rejects(loadArchive(streamOf(whole.subarray(0, 22_500)), store), { code: 'CORRUPT_ARCHIVE' });
  assert.deepEqual(await store.names(), []);
  const { stored, reused } = await loadArchive(streamOf(whole), store);
  assert.equal(reused, LAYER.length + CONFIG.length);
  assert.equal(stored, MANIFEST.length);
});

test('content that is not what its name says is refused', async (t) => {
  const altered = Buffer.from(LAYER);
  altered[77] = 0;
  await refuses(t, 'DIGEST_MISMATCH', [layout, named, { ...blob(LAYER), content: altered }]);
  await refuses(t, 'DIGEST_MISMATCH', [docker(['layer']), configEntry, { path: 'layer', content: altered }]);
  await refuses(t, 'DIGEST_MISMATCH', [docker(['layer']), configEntry, { path: 'layer', content: gzipSync(altered) }]);
});

test('archives that lack something name it', async (t) => {
  await refuses(
    t,
    'CORRUPT_ARCHIVE',
    OCI.filter((each) => each.path !== blob(LAYER).path),
  );
  await refuses(t, 'CORRUPT_ARCHIVE', [layout, named]);
  await refuses(t, 'CORRUPT_ARCHIVE', [docker(['layer']), configEntry]);
  await refuses(t, 'CORRUPT_ARCHIVE', [docker([]), configEntry]);
  await refuses(t, 'CORRUPT_ARCHIVE', [docker(['layer']), { path: 'layer', content: LAYER }]);
  await refuses(t, 'CORRUPT_ARCHIVE', [blob(LAYER)]);
  await refuses(t, 'CORRUPT_ARCHIVE', [layout, { path: 'index.json', content: '{"schemaVersion":2,"manifests":[]}' }]);
});

test('what is no archive, is cut off or damaged is refused', async (t) => {
  await refuses(t, 'CORRUPT_ARCHIVE', Buffer.alloc(0));
  await refuses(t, 'CORRUPT_ARCHIVE', Buffer.alloc(5000, 'text'));
  await refuses(t, 'CORRUPT_ARCHIVE', tarOf(OCI).subarray(0, 700));
  const compressed = gzipSync(tarOf(OCI));
  await refuses(t, 'CORRUPT_ARCHIVE', compressed.subarray(0, compressed.length / 2));
  await refuses(t, 'CORRUPT_ARCHIVE', zstdCompressSync(tarOf(OCI)).subarray(0, 60));
  for (const [path, content] of [
    ['index.json', '[]'],
    ['index.json', '{'],
    ['manifest.json', '{}'],
    ['manifest.json', '[{"Config":1,"Layers":[]}]'],
    ['manifest.json', '[{"Config":"c","Layers":[1]}]'],
    ['manifest.json', '[]'],
  ] as const) {
    await assert.rejects(load(t, tarOf([{ path, content }])), { name: 'SealerError' });
  }
});

test('an archive or layer in a compression that is not supported says so, and what to do', async (t) => {
  for (const [name, magic] of Object.entries({ xz: '\u00fd7zXZ\0\0\0', bzip2: 'BZh61AY&SY' })) {
    const bytes = Buffer.from(magic, 'latin1');
    const says = { code: 'CORRUPT_ARCHIVE', message: new RegExp(`compressed with ${name}`) };
    await assert.rejects(load(t, bytes), { ...says, hint: new RegExp(`${name} -d FILE`) });
    const inside = tarOf([docker(['layer']), configEntry, { path: 'layer', content: bytes }]);
    const message = new RegExp(`The layer ${digestOf(bytes)} .*${name}`);
    await assert.rejects(load(t, inside), { ...says, message, hint: /gzip or zstd/ });
  }
});

test('a bomb is refused by its ratio, though it claims no more than the limits allow', {
  timeout: 30_000,
}, async (t) => {
  // What docker leaves aside is not stored, which makes the test fast.
  const header = tarOf([{ path: 'repositories', size: 2 * 1024 ** 3 }], { end: false });
  const zeros = Buffer.alloc(16 * 1024 ** 2);
  for (const compress of [gzipSync, zstdCompressSync]) {
    const piece = compress(zeros);
    const bomb = Buffer.concat([compress(header), ...Array.from({ length: 128 }, () => piece)]);
    const says = { code: 'ARCHIVE_TOO_LARGE', message: /250 times/, hint: /where the archive comes from/ };
    await assert.rejects(load(t, bomb), says);
  }
});

test('paths and links that lead outside, and devices, are refused', async (t) => {
  await refuses(t, 'UNSAFE_ARCHIVE', [{ path: '../evil', content: 'x' }, ...OCI]);
  await refuses(t, 'UNSAFE_ARCHIVE', [{ path: 'a/../../evil', content: 'x' }, ...OCI]);
  await refuses(t, 'UNSAFE_ARCHIVE', [{ path: '/etc/passwd', content: 'x' }, ...OCI]);
  await refuses(t, 'UNSAFE_ARCHIVE', [{ path: 'link', type: '2', linkname: '../outside' }, ...OCI]);
  await refuses(t, 'UNSAFE_ARCHIVE', [{ path: 'link', type: '2', linkname: '/etc/passwd' }, ...OCI]);
  await refuses(t, 'UNSAFE_ARCHIVE', [{ path: 'link', type: '1', linkname: '../outside' }, ...OCI]);
  await refuses(t, 'UNSAFE_ARCHIVE', [{ path: 'device', type: '3' }, ...OCI]);
  await refuses(t, 'UNSAFE_ARCHIVE', [docker(['../../etc/passwd']), configEntry]);
});

test('links that lead in circles, and files that are there twice, are refused', async (t) => {
  const circle = [
    { path: 'a', type: '2', linkname: 'b' },
    { path: 'b', type: '2', linkname: 'a' },
  ];
  await refuses(t, 'CORRUPT_ARCHIVE', [docker(['a']), configEntry, ...circle]);
  await refuses(t, 'CORRUPT_ARCHIVE', [...OCI, named]);
  await refuses(t, 'CORRUPT_ARCHIVE', [...OCI, { ...blob(LAYER), path: './' + blob(LAYER).path }]);
  await refuses(t, 'CORRUPT_ARCHIVE', [docker(['layer']), docker(['other'])]);
});

test('archives beyond the limits are refused before they are stored', async (t) => {
  const store = await temporaryStore(t);
  const many = tarOf(Array.from({ length: 11 }, (_, i) => ({ path: `d${i}`, type: '5' })));
  const limits = { entries: 10, bytes: 1000 };
  await assert.rejects(loadArchive(streamOf(many), store, { limits }), { code: 'ARCHIVE_TOO_LARGE' });
  await assert.rejects(loadArchive(streamOf(tarOf([blob(LAYER)])), store, { limits }), { code: 'ARCHIVE_TOO_LARGE' });
  assert.deepEqual(await readdir(join(store.root, 'blobs', 'sha256')), []);
  const huge = tarOf([{ path: 'index.json', size: 9_000_000 }]);
  await assert.rejects(loadArchive(streamOf(huge), store), { code: 'CORRUPT_ARCHIVE' });
});

test('a source that fails or stalls ends with its own error, and is destroyed', async (t) => {
  const store = await temporaryStore(t);
  const failing = new PassThrough();
  failing.write(tarOf(OCI).subarray(0, 5000));
  const loading = loadArchive(failing, store);
  failing.destroy(new Error('connection reset'));
  await assert.rejects(loading, /connection reset/);

  const abort = new AbortController();
  const stalled = new PassThrough();
  stalled.write(tarOf(OCI).subarray(0, 5000));
  const aborted = loadArchive(stalled, store, { signal: abort.signal });
  abort.abort(new Error('stop'));
  await assert.rejects(aborted, /stop/);
  assert.equal(stalled.destroyed, true);

  // An archive that is refused is not read to its end, which may never come.
  const endless = new PassThrough();
  endless.write(tarOf([{ path: '../evil', content: 'x' }]));
  await assert.rejects(loadArchive(endless, store), { code: 'UNSAFE_ARCHIVE' });
  assert.equal(endless.destroyed, true);
});
