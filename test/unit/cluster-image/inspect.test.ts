import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  bundleLayers,
  containerImagesOf,
  EXTENSION_ANNOTATION,
  harvest,
  IMAGES_ANNOTATION,
  inspectImage,
  serializeContainerImages,
} from '../../../src/cluster-image/index.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import { serialize } from '../../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { withStore } from '../../lab/stores.ts';
import { FakeClient, gzipLayer, makeImage, named } from './image-maker.ts';

const AMD64 = parsePlatform('linux/amd64');

/** A cluster image with a rootfs layer and a container image; the descriptor of its manifest. */
async function makeClusterImage(store: Store): Promise<Descriptor> {
  const client = new FakeClient().put('web:1', makeImage([gzipLayer('web', 500)]));
  const harvested = await harvest(named(['web:1', 'a.yaml', 'app']), { store, client, platforms: [AMD64] });
  const bundled = await bundleLayers(harvested, { store, budget: 9 });
  const rootfs = await store.add(gzipLayer('rootfs', 300), OCI_LAYER_GZIP);
  const layers = [
    { ...rootfs, annotations: { 'sealer.layer': 'rootfs' } },
    ...bundled.map(({ descriptor }) => descriptor),
  ];
  const labels = {
    'cluster.alpha.sealer.io/kube-cni-calico': 'true',
    'cluster.alpha.sealer.io/kube-cni-bridge': 'true',
    other: 'x',
  };
  const config = await store.add(
    serialize({
      os: 'linux',
      architecture: 'amd64',
      config: { Labels: labels },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      history: [{ created_by: 'ENV A=1', empty_layer: true }, { created_by: 'COPY . .' }, { created_by: 'images' }],
    }),
    OCI_CONFIG,
  );
  const annotations = {
    [EXTENSION_ANNOTATION]: '{"schemaVersion":"v1alpha1","type":"app-installer","launch":{"app_names":["app"]}}',
    [IMAGES_ANNOTATION]: serializeContainerImages(containerImagesOf(harvested.images, AMD64)),
  };
  return store.add(serialize({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, annotations }), OCI_MANIFEST);
}

test("inspect tells what the Go sealer's does, and layers, kinds and sizes", () =>
  withStore(async (store) => {
    const manifest = await makeClusterImage(store);
    const index = await store.add(
      serialize({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...manifest, platform: AMD64 }] }),
      OCI_INDEX,
    );
    await store.tag('docker.io/library/demo:1', index);
    const spec = await inspectImage(store, 'demo:1');
    assert.equal(spec.name, 'docker.io/library/demo:1');
    assert.equal(spec.digest, manifest.digest);
    assert.equal(spec.id, spec.manifestv1.config.digest);
    assert.deepEqual(spec.index, { digest: index.digest, platforms: [AMD64] });
    assert.equal(spec.imageExtension?.type, 'app-installer');
    assert.deepEqual(spec.imageExtension?.labels, {
      other: 'x',
      'cluster.alpha.sealer.io/kube-cni': '["bridge","calico"]',
    });
    const [image] = spec.containerImageList;
    assert.equal(image?.image, 'docker.io/library/web:1');
    assert.equal(image?.appName, 'app');
    assert.equal(image?.digest, makeImage([gzipLayer('web', 500)]).root.digest);
    const content = [...makeImage([gzipLayer('web', 500)]).content.values()];
    assert.equal(
      image?.size,
      content.reduce((sum, { byteLength }) => sum + byteLength, 0),
    );
    assert.deepEqual(
      spec.layers.map(({ kind, createdBy }) => [kind, createdBy]),
      [
        ['rootfs', 'COPY . .'],
        ['images', 'images'],
      ],
    );
    assert.equal(
      spec.size,
      spec.layers.reduce((sum, { size }) => sum + size, 0),
    );
  }));

test('an image that is no cluster image is inspected too; one that is not there is an error', () =>
  withStore(async (store) => {
    const image = makeImage([gzipLayer('x', 10)]);
    for (const [, bytes] of image.content) await store.add(bytes, 'application/octet-stream');
    const spec = await inspectImage(store, image.root);
    assert.equal(spec.imageExtension, undefined);
    assert.deepEqual(spec.containerImageList, []);
    assert.equal(spec.layers[0]?.kind, undefined);
    await assert.rejects(inspectImage(store, 'gone:1'), { code: 'IMAGE_NOT_FOUND' });
  }));

test('of an index the platform that is asked for is inspected, and a missing one is an error', () =>
  withStore(async (store) => {
    const [amd64, arm64] = [makeImage([]), makeImage([], 'linux/arm64')];
    for (const { content } of [amd64, arm64]) for (const [, bytes] of content) await store.add(bytes, 'x/y');
    const manifests = [
      { ...amd64.root, platform: AMD64 },
      { ...arm64.root, platform: parsePlatform('linux/arm64') },
    ];
    const index = await store.add(serialize({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }), OCI_INDEX);
    const spec = await inspectImage(store, index, { platform: parsePlatform('arm64') });
    assert.equal(spec.ociv1.architecture, 'arm64');
    await assert.rejects(inspectImage(store, index, { platform: parsePlatform('s390x') }), {
      code: 'PLATFORM_NOT_FOUND',
    });
  }));
