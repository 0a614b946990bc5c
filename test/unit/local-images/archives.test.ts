import assert from 'node:assert/strict';
import { rm } from 'node:fs/promises';
import { PassThrough, type Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { harvest } from '../../../src/cluster-image/index.ts';
import { groupByReference } from '../../../src/discover/finding.ts';
import {
  type EngineSource,
  importArchive,
  type LocalArchive,
  type LocalImages,
  localImageFile,
  openLocalImages,
} from '../../../src/local-images/index.ts';
import { type ArchiveFormat, saveArchive } from '../../../src/oci/archive/index.ts';
import { formatPlatform, parsePlatform } from '../../../src/oci/platform.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { withStore } from '../../lab/stores.ts';
import { streamOf, tarOf } from '../archive/tar.ts';
import { FakeClient, type MadeImage, makeIndex } from '../cluster-image/image-maker.ts';
import { realImage } from './real-image.ts';

const AMD64 = parsePlatform('linux/amd64');
const ARM64 = parsePlatform('linux/arm64');

/** An archive of images by name, made in a store of its own. */
async function archiveOf(
  images: Readonly<Record<string, MadeImage>>,
  format: ArchiveFormat = 'docker-archive',
): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  await withStore(async (store) => {
    for (const { content } of Object.values(images)) {
      for (const each of content.values()) await store.add(each, 'application/octet-stream');
    }
    const saved = Object.entries(images).map(([name, { root }]) => ({
      ...(name.startsWith('unnamed') ? {} : { name: formatReference(parseReference(name)) }),
      descriptor: root,
    }));
    const sink = new PassThrough();
    const collected = buffer(sink);
    await saveArchive(store, saved, sink, { format });
    bytes = await collected;
  });
  return bytes;
}

interface CountingArchive extends LocalArchive {
  opened: number;
}

function archive(name: string, bytes: Buffer, more: Partial<LocalArchive> = {}): CountingArchive {
  const counting: CountingArchive = {
    name,
    isWanted: true,
    opened: 0,
    async open(): Promise<Readable> {
      counting.opened++;
      return streamOf(bytes);
    },
    ...more,
  };
  return counting;
}

const noEngine = (): EngineSource => {
  throw new Error('no engine is asked');
};

const open = (
  store: Store,
  archives: readonly LocalArchive[],
  lists: Readonly<Record<string, string>> = {},
): Promise<LocalImages> =>
  openLocalImages({ store, archives, lists: new Map(Object.entries(lists)), engine: noEngine, platforms: [AMD64] });

const found = ({ findings }: LocalImages): string[] =>
  findings.map(({ text, at, finder }) => `${text} ${finder} ${at.file}:${at.line ?? ''}`);

test('archives and lists below images/ are known by their names', () => {
  assert.equal(localImageFile('images/app.tar'), 'archive');
  assert.equal(localImageFile('images/deep/er/app.tar.gz'), 'archive');
  assert.equal(localImageFile('images/skopeo/tar.txt'), 'archive-list');
  assert.equal(localImageFile('images/shim/CalicoImageList'), 'image-list');
  assert.equal(localImageFile('images/logo.png'), undefined);
  assert.equal(localImageFile('other/app.tar'), undefined);
});

for (const format of ['docker-archive', 'oci-archive'] as const) {
  test(`every image of a ${format} is wanted and resolved, and needs no registry`, () =>
    withStore(async (store) => {
      const bytes = await archiveOf({ 'app:1': realImage('a'), 'quay.io/team/other:2': realImage('b') }, format);
      const local = await open(store, [archive('images/all.tar', bytes)]);
      assert.deepEqual(local.problems, []);
      assert.deepEqual(found(local).sort(), [
        'docker.io/library/app:1 archive images/all.tar:',
        'quay.io/team/other:2 archive images/all.tar:',
      ]);
      const client = new FakeClient();
      const { images, moved } = await harvest(groupByReference(local.findings), {
        store,
        client,
        platforms: [AMD64],
        resolved: local.resolved,
      });
      assert.equal(images.length, 2);
      assert.equal(moved, 0);
      assert.deepEqual(client.requests, []);
      assert.deepEqual(await store.names(), [], 'nothing of it gets a name in the store');
    }));
}

test('the same docker-archive gives the same digest in every store', async () => {
  const bytes = await archiveOf({ 'app:1': realImage('a') });
  const digests = new Set<string>();
  for (let i = 0; i < 2; i++) {
    await withStore(async (store) => {
      const { images } = await importArchive(store, archive('app.tar', bytes));
      for (const { descriptor } of images) digests.add(descriptor.digest);
    });
  }
  assert.equal(digests.size, 1);
});

test('an archive of a known identity is not read again, unless what it gave is gone', () =>
  withStore(async (store) => {
    const bytes = await archiveOf({ 'app:1': realImage('a') });
    const app = archive('images/app.tar', bytes, { identity: 'sha256:1' });
    const first = await importArchive(store, app);
    const second = await importArchive(store, app);
    assert.equal(app.opened, 1);
    assert.deepEqual(second, first);
    const [image] = first.images;
    const place = image === undefined ? undefined : await store.locate(image.descriptor.digest);
    assert.ok(place !== undefined);
    await rm(place.file);
    assert.deepEqual(await importArchive(store, app), first);
    assert.equal(app.opened, 2);
  }));

test('archives that each hold an image for one platform make one image for both, in any order', () =>
  withStore(async (store) => {
    const amd64 = archive('images/amd64.tar', await archiveOf({ 'app:1': realImage('a') }));
    const arm64 = archive('images/arm64.tar', await archiveOf({ 'app:1': realImage('b', 'linux/arm64') }));
    const local = await open(store, [amd64, arm64]);
    const name = 'docker.io/library/app:1';
    assert.deepEqual(local.platforms.get(name)?.map(formatPlatform), ['linux/amd64', 'linux/arm64']);
    assert.deepEqual(local.resolved.get(name), {
      ...(await open(store, [arm64, amd64])).resolved.get(name),
      from: 'images/amd64.tar, images/arm64.tar',
    });
    for (const platform of [AMD64, ARM64]) {
      const { images } = await harvest(groupByReference(local.findings), {
        store,
        client: new FakeClient(),
        platforms: [platform],
        resolved: local.resolved,
      });
      assert.equal(images[0]?.manifests.length, 1);
    }
  }));

test('an oci-archive of an index counts for the platforms that it holds', () =>
  withStore(async (store) => {
    const index = makeIndex({ 'linux/amd64': realImage('a'), 'linux/arm64': realImage('b', 'linux/arm64') });
    const local = await open(store, [archive('images/app.tar', await archiveOf({ 'app:1': index }, 'oci-archive'))]);
    assert.equal(local.resolved.get('docker.io/library/app:1')?.digest, index.root.digest);
    assert.deepEqual(local.platforms.get('docker.io/library/app:1')?.map(formatPlatform), [
      'linux/amd64',
      'linux/arm64',
    ]);
  }));

test('two different images of one name for one platform are an error that names both archives', () =>
  withStore(async (store) => {
    const one = archive('images/one.tar', await archiveOf({ 'app:1': realImage('a') }));
    const two = archive('images/two.tar', await archiveOf({ 'app:1': realImage('b') }));
    const { problems, resolved } = await open(store, [one, two]);
    assert.equal(problems[0]?.code, 'IMAGE_CONFLICT');
    assert.match(problems[0]?.message ?? '', /images\/one\.tar and images\/two\.tar/);
    assert.equal(resolved.size, 0);
  }));

test('an archive for another platform is an error of the harvest that names the archive', () =>
  withStore(async (store) => {
    const bytes = await archiveOf({ 'app:1': realImage('a', 'linux/arm64') });
    const { findings, resolved } = await open(store, [archive('images/app.tar', bytes)]);
    const work = harvest(groupByReference(findings), { store, client: new FakeClient(), platforms: [AMD64], resolved });
    await assert.rejects(work, (error: { problems?: { code: string; message: string }[] }) => {
      assert.equal(error.problems?.[0]?.code, 'PLATFORM_NOT_FOUND');
      assert.match(error.problems?.[0]?.message ?? '', /linux\/amd64 in images\/app\.tar/);
      return true;
    });
  }));

test('tar.txt names images and picks among them', () =>
  withStore(async (store) => {
    const single = archive('images/skopeo/single.tar', await archiveOf({ unnamed: realImage('a') }));
    const several = archive('images/several.tar', await archiveOf({ 'b:1': realImage('b'), 'c:1': realImage('c') }));
    const list = [
      '# images',
      'docker-archive:single.tar@quay.io/team/renamed:1',
      'docker-archive:several.tar@c:1',
      'oci-archive:several.tar@d:1',
      'docker-archive:gone.tar@e:1',
      'docker-archive:../../../etc/passwd@f:1',
      'dir:single',
      'docker-archive:single.tar@No:1',
    ].join('\n');
    const local = await open(store, [single, several], { 'images/skopeo/tar.txt': list });
    assert.deepEqual(found(local), [
      'quay.io/team/renamed:1 archive images/skopeo/tar.txt:2',
      'docker.io/library/c:1 archive images/skopeo/tar.txt:3',
    ]);
    assert.deepEqual([...local.resolved.keys()], ['docker.io/library/c:1', 'quay.io/team/renamed:1']);
    assert.deepEqual(local.problems.map(({ code, at }) => `${code} ${at?.line}`).sort(), [
      'IMAGE_NOT_FOUND 4',
      'INVALID_REFERENCE 8',
      'MANIFEST_UNREADABLE 7',
      'SOURCE_NOT_FOUND 5',
      'SOURCE_NOT_FOUND 6',
    ]);
    assert.match(local.problems.find(({ code }) => code === 'IMAGE_NOT_FOUND')?.hint ?? '', /b:1, c:1/);
  }));

test('an image without a name is left out with a warning that says how to name it', () =>
  withStore(async (store) => {
    const local = await open(store, [archive('images/a.tar', await archiveOf({ unnamed: realImage('a') }))]);
    assert.deepEqual(
      local.problems.map(({ severity, at }) => `${severity} ${at?.file}`),
      ['warning images/a.tar'],
    );
    assert.match(local.problems[0]?.hint ?? '', /tar\.txt/);
  }));

test('an archive that the user gives is a source: only what something names is taken', () =>
  withStore(async (store) => {
    const bytes = await archiveOf({ 'app:1': realImage('a') });
    const local = await open(store, [archive('/home/me/app.tar', bytes, { isWanted: false })]);
    assert.deepEqual(local.findings, []);
    assert.equal(local.resolved.size, 1);
  }));

test('a broken archive is a problem of its own, and the others are still read', () =>
  withStore(async (store) => {
    const bytes = await archiveOf({ 'app:1': realImage('a') });
    const broken = [
      archive('images/cut.tar', bytes.subarray(0, bytes.length / 2)),
      archive('images/text.tar', Buffer.from('no archive at all')),
      archive('images/evil.tar', tarOf([{ path: '../../etc/passwd', content: 'x' }])),
      archive('images/wrong.tar', tarOf([{ path: 'manifest.json', content: '[{"Config":"a","Layers":["b"]}]' }])),
    ];
    const local = await open(store, [...broken, archive('images/good.tar', bytes)]);
    assert.deepEqual(
      local.problems.map(({ code, at }) => `${at?.file} ${code}`),
      [
        'images/cut.tar CORRUPT_ARCHIVE',
        'images/text.tar CORRUPT_ARCHIVE',
        'images/evil.tar UNSAFE_ARCHIVE',
        'images/wrong.tar CORRUPT_ARCHIVE',
      ],
    );
    for (const { message, at } of local.problems) assert.ok(message.includes(at?.file ?? '?'), message);
    assert.equal(local.resolved.size, 1);
  }));

test('a shim list names images of registries and of engines', () =>
  withStore(async (store) => {
    const image = realImage('a');
    for (const bytes of image.content.values()) await store.add(bytes, 'application/octet-stream');
    const asked: string[] = [];
    const engine = (kind: EngineSource['kind']): EngineSource => ({
      kind,
      async find(reference) {
        asked.push(`${kind} ${formatReference(reference)}`);
        return kind === 'docker' ? { name: 'x', id: 'y' } : undefined;
      },
      import: async () => image.root,
    });
    const text = '# list\nnginx:1 # web\ndocker-daemon:app:dev\ncontainers-storage:tool:dev\nNOT A REF\n';
    const lists = new Map([['images/shim/list', text]]);
    const local = await openLocalImages({ store, archives: [], lists, engine, platforms: [AMD64] });
    assert.deepEqual(found(local), [
      'nginx:1 image-list images/shim/list:2',
      'docker-daemon:app:dev archive images/shim/list:3',
      'containers-storage:tool:dev archive images/shim/list:4',
    ]);
    assert.deepEqual(asked, ['docker docker.io/library/app:dev', 'podman docker.io/library/tool:dev']);
    assert.deepEqual(
      [...local.resolved],
      [['docker.io/library/app:dev', { digest: image.root.digest, from: 'docker' }]],
    );
    assert.deepEqual(
      local.problems.map(({ code, at }) => `${code} ${at?.line}`),
      ['INVALID_REFERENCE 5', 'IMAGE_NOT_FOUND 4'],
    );
  }));

test('an interrupted import ends with the reason of the signal', () =>
  withStore(async (store) => {
    const bytes = await archiveOf({ 'app:1': realImage('a') });
    const controller = new AbortController();
    const reason = new Error('stop');
    controller.abort(reason);
    const request = { store, archives: [archive('images/a.tar', bytes)], engine: noEngine, platforms: [AMD64] };
    await assert.rejects(openLocalImages({ ...request, signal: controller.signal }), reason);
  }));
