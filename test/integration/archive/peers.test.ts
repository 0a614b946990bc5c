/** Archives that other tools read, and archives that they wrote. */

import assert from 'node:assert/strict';
import { createReadStream, createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { type ArchiveFormat, loadArchive, saveArchive } from '../../../src/oci/archive/index.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { digestOf } from '../../../src/oci/digest.ts';
import {
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
  OCI_MANIFEST,
} from '../../../src/oci/media-types.ts';
import { type NamedImage, Store } from '../../../src/oci/store/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { tarOf } from '../../unit/archive/tar.ts';

const NAME = 'docker.io/library/hello:v1';
const AMD64 = { os: 'linux', architecture: 'amd64' };
const TARS = [1, 2, 3].map((i) => tarOf([{ path: `file${i}`, content: `content ${i}\n`.repeat(5000) }]));

/** An image with a layer of each kind, as cluster images mix them. */
async function addImage(store: Store, platform: typeof AMD64, hasZstd = true): Promise<Descriptor> {
  const [gzip = TARS[0], zstd = TARS[0], plain = TARS[0]] = TARS;
  assert.ok(gzip && zstd && plain);
  const layers = [
    await store.add(gzipSync(gzip), OCI_LAYER_GZIP),
    hasZstd ? await store.add(zstdCompressSync(zstd), OCI_LAYER_ZSTD) : await store.add(zstd, OCI_LAYER),
    await store.add(plain, OCI_LAYER),
  ];
  const rootfs = { type: 'layers', diff_ids: TARS.map((tar) => digestOf(tar)) };
  const config = await store.add(json({ ...platform, rootfs, config: {} }), OCI_CONFIG);
  const manifest = json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers });
  return { ...(await store.add(manifest, OCI_MANIFEST)), platform };
}

async function addIndex(store: Store): Promise<NamedImage> {
  const manifests = [await addImage(store, AMD64), await addImage(store, { os: 'linux', architecture: 'arm64' })];
  const index = json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
  const descriptor = await store.add(index, OCI_INDEX);
  await store.tag(NAME, descriptor);
  return { name: NAME, descriptor };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

async function saveTo(file: string, store: Store, images: readonly NamedImage[], format: ArchiveFormat): Promise<void> {
  const platform = format === 'docker-archive' ? { platform: AMD64 } : {};
  await saveArchive(store, images, createWriteStream(file), { format, ...platform });
}

test('skopeo copies every image out of an oci-archive of two', { skip: needs('skopeo') }, async () => {
  await using folder = await temporaryFolder('archive-oci');
  await using store = await Store.open(join(folder.path, 'store'));
  const { descriptor } = await addIndex(store);
  await store.tag('localhost:5000/single:v2', await addImage(store, AMD64));
  const archive = join(folder.path, 'images.tar');
  await saveTo(archive, store, await store.names(), 'oci-archive');
  for (const { name } of await store.names()) {
    const copy = join(folder.path, name.replaceAll('/', '-'));
    await runTool('skopeo', ['copy', '--all', '--preserve-digests', `oci-archive:${archive}:${name}`, `dir:${copy}`]);
    if (name === NAME) assert.equal(digestOf(await readFile(join(copy, 'manifest.json'))), descriptor.digest);
  }
});

test('skopeo copies a docker-archive of ours', { skip: needs('skopeo') }, async () => {
  await using folder = await temporaryFolder('archive-docker');
  await using store = await Store.open(join(folder.path, 'store'));
  await addIndex(store);
  const archive = join(folder.path, 'image.tar');
  await saveTo(archive, store, await store.names(), 'docker-archive');
  const copy = join(folder.path, 'copy');
  await runTool('skopeo', ['copy', `docker-archive:${archive}:${NAME}`, `dir:${copy}`]);
  const manifest = JSON.parse(await readFile(join(copy, 'manifest.json'), 'utf8'));
  assert.equal(manifest.layers.length, 3);
  assert.match(await runTool('skopeo', ['inspect', `docker-archive:${archive}`]), /"Architecture": "amd64"/);
});

test('crane validates a docker-archive of ours', { skip: needs('crane') }, async () => {
  await using folder = await temporaryFolder('archive-crane');
  await using store = await Store.open(join(folder.path, 'store'));
  await addIndex(store);
  const archive = join(folder.path, 'image.tar');
  await saveTo(archive, store, await store.names(), 'docker-archive');
  assert.match(await runTool('crane', ['validate', '--tarball', archive]), /PASS/);
});

for (const format of ['oci-archive', 'docker-archive'] as const) {
  test(`the ${format} that skopeo wrote is loaded`, { skip: needs('skopeo') }, async () => {
    await using folder = await temporaryFolder('archive-skopeo');
    await using store = await Store.open(join(folder.path, 'store'));
    // skopeo makes no docker-archive of zstd layers.
    const image = await addImage(store, AMD64, format === 'oci-archive');
    await store.tag(NAME, image);
    const archive = join(folder.path, 'image.tar');
    const name = 'quay.io/team/app:v3';
    await runTool('skopeo', ['copy', `oci:${store.root}:${NAME}`, `${format}:${archive}:${name}`]);
    await using other = await Store.open(join(folder.path, 'other'));
    const { images } = await loadArchive(createReadStream(archive), other);
    assert.deepEqual(
      images.map((each) => each.name),
      [name],
    );
    const [loaded] = images;
    const document = loaded && (await other.document(loaded.descriptor.digest));
    const original = await store.document(image.digest);
    assert.ok(document?.kind === 'manifest' && original.kind === 'manifest');
    assert.equal(document.manifest.layers.length, 3);
    assert.equal(document.manifest.config.digest, original.manifest.config.digest);
  });
}
