/** The store as other tools see it: an OCI image layout. */

import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { digestOf } from '../../../src/oci/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { type NamedImage, Store } from '../../../src/oci/store/index.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { tarOf } from '../../unit/archive/tar.ts';

const NAME = 'docker.io/library/hello:v1';

/** An index with one image, whose only layer holds `etc/greeting`. */
async function addHello(store: Store): Promise<NamedImage> {
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const tar = tarOf([
    { path: 'etc/', type: '5' },
    { path: 'etc/greeting', content: 'hello\n' },
  ]);
  const layer = await store.add(gzipSync(tar), OCI_LAYER_GZIP);
  const platform = { os: 'linux', architecture: 'amd64' };
  const rootfs = { type: 'layers', diff_ids: [digestOf(tar)] };
  const config = await store.add(json({ ...platform, rootfs, config: {} }), OCI_CONFIG);
  const manifest = json({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [layer] });
  const image = { ...(await store.add(manifest, OCI_MANIFEST)), platform };
  const index = json({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [image] });
  const descriptor = await store.add(index, OCI_INDEX);
  await store.tag(NAME, descriptor);
  await store.tag('localhost:5000/single:v1', image);
  return { name: NAME, descriptor };
}

test('skopeo inspects and copies an image of the store by its complete name', { skip: needs('skopeo') }, async () => {
  await using folder = await temporaryFolder('store-skopeo');
  await using store = await Store.open(join(folder.path, 'store'));
  const { descriptor } = await addHello(store);
  const source = `oci:${store.root}:${NAME}`;
  const inspected = JSON.parse(await runTool('skopeo', ['inspect', '--override-arch=amd64', source]));
  assert.equal(inspected.Digest, descriptor.digest);
  assert.equal(inspected.Layers.length, 1);
  const copy = join(folder.path, 'copy');
  await runTool('skopeo', ['copy', '--all', '--preserve-digests', source, `dir:${copy}`]);
  assert.equal(digestOf(await readFile(join(copy, 'manifest.json'))), descriptor.digest);
});

test('umoci lists the names of the store and unpacks an image', { skip: needs('umoci') }, async () => {
  await using folder = await temporaryFolder('store-umoci');
  await using store = await Store.open(join(folder.path, 'store'));
  await addHello(store);
  const listed = await runTool('umoci', ['ls', '--layout', store.root]);
  assert.deepEqual(listed.trim().split('\n'), [NAME, 'localhost:5000/single:v1']);
  const bundle = join(folder.path, 'bundle');
  await runTool('umoci', ['unpack', '--rootless', '--image', `${store.root}:${NAME}`, bundle]);
  assert.equal(await readFile(join(bundle, 'rootfs', 'etc', 'greeting'), 'utf8'), 'hello\n');
});

test('a layout that skopeo wrote is opened as a store, with its names', { skip: needs('skopeo') }, async () => {
  await using folder = await temporaryFolder('store-adopt');
  await using store = await Store.open(join(folder.path, 'store'));
  const { descriptor } = await addHello(store);
  const other = join(folder.path, 'other');
  const target = `oci:${other}:quay.io/team/app:v2`;
  await runTool('skopeo', ['copy', '--all', '--preserve-digests', `oci:${store.root}:${NAME}`, target]);
  await using adopted = await Store.open(other);
  assert.equal((await adopted.resolve('quay.io/team/app:v2'))?.digest, descriptor.digest);
  // And skopeo still finds it there.
  await writeFile(join(folder.path, 'policy.json'), '{"default":[{"type":"insecureAcceptAnything"}]}');
  await runTool('skopeo', ['--policy', join(folder.path, 'policy.json'), 'inspect', '--override-arch=amd64', target]);
});
