/** A cluster image of two versions in a store, made without any tool: rootfs, an app with a chart, container images. */

import {
  bundleLayers,
  containerImagesOf,
  EXTENSION_ANNOTATION,
  harvest,
  IMAGES_ANNOTATION,
  serializeContainerImages,
} from '../../src/cluster-image/index.ts';
import type { Descriptor } from '../../src/oci/descriptor.ts';
import { serialize } from '../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../src/oci/media-types.ts';
import { parsePlatform } from '../../src/oci/platform.ts';
import type { Store } from '../../src/oci/store/index.ts';
import { packLayer, type TarEntry } from '../../src/oci/tar/index.ts';
import { FakeClient, gzipLayer, makeImage, named } from '../unit/cluster-image/image-maker.ts';
import { noise } from './scratch.ts';

const AMD64 = parsePlatform('linux/amd64');
const LARGE = 1_100_000;

/** Makes it, and gives it the name `shop:<version>`. What differs between versions is the tool, and the image `web`. */
export async function addSampleImage(store: Store, version: 'v1' | 'v2'): Promise<Descriptor> {
  const shared = gzipLayer('shared', LARGE);
  const client = new FakeClient()
    .put(`r.test/shop/web:${version}`, makeImage([shared, gzipLayer(`web ${version}`, 400_000)]))
    .put('r.test/shop/api:1', makeImage([shared, gzipLayer('api', 200_000)]))
    .put('r.test/net/cni:1', makeImage([gzipLayer('cni', 50_000)]));
  const wanted = named(
    [`r.test/shop/web:${version}`, 'a.yaml', 'shop'],
    ['r.test/shop/api:1', 'a.yaml', 'shop'],
    ['r.test/net/cni:1', 'b.yaml'],
  );
  const harvested = await harvest(wanted, { store, client, platforms: [AMD64] });
  const images = await bundleLayers(harvested, { store, budget: 20 });
  const rootfs = await layerOf(store, 'rootfs', {
    'bin/tool': noise(300_000, version),
    'etc/shop/config.yaml': Buffer.from('a: 1\n'),
    'etc/hostile/</script><b>&"`|': Buffer.from('x'),
    'statics/data.bin': noise(100_000, 'data'),
  });
  const app = await layerOf(store, 'app', {
    'application/apps/shop/Chart.yaml': Buffer.from('name: shop-chart\nversion: 1.2.3\n'),
    'application/apps/shop/templates/web.yaml': Buffer.from('kind: Deployment\n'),
  });
  const layers = [rootfs, app, ...images.map(({ descriptor }) => descriptor)];
  const config = await store.add(
    serialize({
      ...AMD64,
      config: { Labels: { 'cluster.alpha.sealer.io/cluster-runtime-version': 'v1.33.4' } },
      rootfs: { type: 'layers', diff_ids: layers.map(({ digest }) => digest) },
      history: [{ created_by: 'COPY . .' }, { created_by: 'APP shop chart' }],
    }),
    OCI_CONFIG,
  );
  const extension = {
    ...{ schemaVersion: 'v1alpha1', type: 'kube-installer', launch: { app_names: ['shop'] } },
    applications: [{ name: 'shop', type: 'helm', version }],
  };
  const annotations = {
    [EXTENSION_ANNOTATION]: JSON.stringify(extension),
    [IMAGES_ANNOTATION]: serializeContainerImages(containerImagesOf(harvested.images, AMD64)),
  };
  const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers, annotations };
  const manifest = await store.add(serialize(document), OCI_MANIFEST);
  const index = await store.add(
    serialize({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [{ ...manifest, platform: AMD64 }] }),
    OCI_INDEX,
  );
  await store.tag(`docker.io/library/shop:${version}`, index);
  return index;
}

async function layerOf(store: Store, kind: string, files: Readonly<Record<string, Buffer>>): Promise<Descriptor> {
  const entries = Object.entries(files).map(([path, bytes]): TarEntry => {
    const mode = path.startsWith('bin/') ? 0o755 : 0o644;
    return { path, type: 'file', mode, size: bytes.byteLength, mtime: 0, content: { bytes } };
  });
  const { descriptor } = await packLayer(entries, store, { compression: 'gzip' });
  return { ...descriptor, annotations: { 'sealer.layer': kind } };
}
