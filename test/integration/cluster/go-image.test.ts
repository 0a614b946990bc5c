/** Images as the Go sealer v0.11 makes them: layers that do not say what they hold, repositories without a registry host. */

import assert from 'node:assert/strict';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  distribute,
  observeHosts,
  planDistribution,
  readImage,
  rootfsFolder,
} from '../../../src/cluster/distribution/index.ts';
import { IMAGES_ANNOTATION } from '../../../src/cluster-image/index.ts';
import { SealerError } from '../../../src/error.ts';
import { digestOf, hexOf } from '../../../src/oci/digest.ts';
import type { ImageManifest } from '../../../src/oci/manifest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingOf } from '../../../src/oci/tar/index.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { withStore } from '../../lab/stores.ts';
import { needsSpaces, SPACE, spaceHosts } from './space-hosts.ts';

const HOME = `${SPACE}/shop`;
const V2 = 'registry/docker/registry/v2';
const skip = needsSpaces('docker-registry', 'curl', 'tar');

test('its registry tree goes to the registry host alone, and its images are found under their hosts, too', {
  skip,
}, async () => {
  await withStore(async (store) => {
    const config = Buffer.from('{}');
    const manifest = Buffer.from(
      JSON.stringify({
        schemaVersion: 2,
        mediaType: OCI_MANIFEST,
        config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.byteLength },
        layers: [],
      }),
    );
    const repository = `${V2}/repositories/library/nginx`;
    const image = await cluster(store, [
      { 'etc/a': 'a', 'application/registry/keep': 'k' },
      {
        [blob(config)]: config,
        [blob(manifest)]: manifest,
        [`${repository}/_layers/sha256/${hexOf(digestOf(config))}/link`]: digestOf(config),
        [`${repository}/_manifests/revisions/sha256/${hexOf(digestOf(manifest))}/link`]: digestOf(manifest),
        [`${repository}/_manifests/tags/v1/current/link`]: digestOf(manifest),
        [`${repository}/_manifests/tags/v1/index/sha256/${hexOf(digestOf(manifest))}/link`]: digestOf(manifest),
      },
      { 'etc/b': 'b', 'registry/docker/registry/v2/mixed': 'in both' },
    ]);
    await using spaces = await spaceHosts({ count: 2 });
    const hosts = spaces.hosts.map(({ host }) => host);
    const [first, second] = spaces.hosts.map(({ folder }) => join(folder, 'shop'));
    assert.ok(first !== undefined && second !== undefined);
    await mkdir(join(first, 'registry'), { recursive: true });
    await using registry = await startDockerRegistry({ root: join(first, 'registry'), readOnly: true });
    const content = await readImage(store, image);
    const present = await observeHosts(content, hosts, { home: HOME });
    const plan = planDistribution(content, { hosts, registryHosts: hosts.slice(0, 1), present });
    const access = { endpoints: [{ scheme: 'http' as const, authority: registry.address }] };
    await distribute(plan, { home: HOME, cluster: 'shop', serve: async () => access });
    for (const folder of [first, second]) {
      const rootfs = join(folder, rootfsFolder('', image.digest));
      assert.deepEqual((await readdir(rootfs)).sort(), ['application', 'etc']);
      assert.equal(await readFile(join(rootfs, 'application/registry/keep'), 'utf8'), 'k');
      assert.deepEqual((await readdir(join(rootfs, 'etc'))).sort(), ['a', 'b']);
    }
    assert.ok(!(await readdir(second)).includes('registry'));
    assert.equal(await readFile(join(first, V2, 'mixed'), 'utf8'), 'in both');
    for (const name of ['library/nginx', 'docker.io/library/nginx']) {
      const answer = await fetch(`http://${registry.address}/v2/${name}/manifests/v1`, {
        headers: { Accept: OCI_MANIFEST },
      });
      assert.equal(answer.headers.get('docker-content-digest'), digestOf(manifest), name);
      await answer.body?.cancel();
    }
  });
});

test('a layer with a link in the registry tree is refused before any host is touched', async () => {
  await withStore(async (store) => {
    const image = await cluster(store, [{ 'registry/docker': 'symlink /etc' }]);
    await assert.rejects(
      readImage(store, image),
      (error: unknown) => error instanceof SealerError && error.code === 'UNSAFE_ARCHIVE',
    );
  });
});

function blob(content: Buffer): string {
  const hex = hexOf(digestOf(content));
  return `${V2}/blobs/sha256/${hex.slice(0, 2)}/${hex}/data`;
}

async function cluster(store: Store, layers: readonly Readonly<Record<string, string | Buffer>>[]) {
  const descriptors = [];
  for (const files of layers) descriptors.push(await store.add(gzipSync(tar(files)), OCI_LAYER_GZIP));
  const manifest: ImageManifest = {
    schemaVersion: 2,
    config: await store.add(Buffer.from('{}'), OCI_CONFIG),
    layers: descriptors,
    annotations: { [IMAGES_ANNOTATION]: JSON.stringify([{ image: 'docker.io/library/nginx:v1' }]) },
  };
  const { digest } = await store.add(Buffer.from(JSON.stringify(manifest)), OCI_MANIFEST);
  return { digest, manifest };
}

function tar(files: Readonly<Record<string, string | Buffer>>): Buffer {
  const parts = Object.entries(files).flatMap(([path, content]) => {
    const link = /^symlink (.*)$/.exec(String(content))?.[1];
    const common = { path, mode: 0o644, mtime: 0 };
    if (link !== undefined) return [encodeHeader({ ...common, type: 'symlink', size: 0, linkname: link })];
    const bytes = Buffer.from(content);
    return [encodeHeader({ ...common, type: 'file', size: bytes.byteLength }), bytes, paddingOf(bytes.byteLength)];
  });
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}
