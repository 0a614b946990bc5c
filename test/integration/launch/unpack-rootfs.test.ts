/** A cluster image's files on disk. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { unpackRootfs } from '../../../src/cluster-image/index.ts';
import type { Descriptor } from '../../../src/oci/descriptor.ts';
import type { ImageManifest } from '../../../src/oci/manifest.ts';
import { OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { storeOf } from '../../lab/stores.ts';
import { runTool } from '../../lab/tools.ts';

const TAR = 'application/vnd.oci.image.layer.v1.tar';

/** A layer that GNU tar made. */
async function layerOf(
  t: TestContext,
  store: Store,
  files: Readonly<Record<string, string>>,
  kind?: string,
  args: readonly string[] = [],
): Promise<Descriptor> {
  const folder = await folderOf(t);
  const root = join(folder, 'root');
  mkdirSync(root);
  writeFiles(root, files);
  await runTool('tar', ['-C', root, ...args, '-cf', join(folder, 'layer.tar'), '.']);
  const layer = await store.add(readFileSync(join(folder, 'layer.tar')), TAR);
  return kind === undefined ? layer : { ...layer, annotations: { 'sealer.layer': kind } };
}

async function manifestOf(store: Store, layers: readonly Descriptor[]): Promise<ImageManifest> {
  const config = await store.add(Buffer.from('{}'), 'application/vnd.oci.image.config.v1+json');
  return { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers };
}

describe('the rootfs of a cluster image', () => {
  it('has all layers but those of container images, whiteouts applied, for nobody else to read', async (t) => {
    const store = await storeOf(t);
    const manifest = await manifestOf(store, [
      await layerOf(t, store, { 'etc/a': '1', 'etc/gone': '1', 'old/x': '1' }, 'rootfs'),
      await layerOf(t, store, { 'registry/docker/blob': '1' }, 'images'),
      await layerOf(t, store, { 'etc/.wh.gone': '', 'old/.wh..wh..opq': '', 'old/y': '2' }, 'app'),
      await layerOf(t, store, { 'etc/plain': '1' }),
    ]);
    const folder = join(await folderOf(t), 'deep', 'rootfs');
    await unpackRootfs(store, manifest, folder);
    assert.deepEqual(readdirSync(folder).sort(), ['etc', 'old']);
    assert.deepEqual(readdirSync(join(folder, 'etc')).sort(), ['a', 'plain']);
    assert.deepEqual(readdirSync(join(folder, 'old')), ['y']);
    assert.equal(statSync(folder).mode & 0o777, 0o700, 'whatever the layers say of their root');
  });

  it('a layer that writes outside is refused', async (t) => {
    const store = await storeOf(t);
    const folder = await folderOf(t);
    mkdirSync(join(folder, 'in'));
    writeFileSync(join(folder, 'evil'), 'x');
    await runTool('tar', ['-C', join(folder, 'in'), '-P', '-cf', join(folder, 'evil.tar'), '../evil']);
    const evil = await store.add(readFileSync(join(folder, 'evil.tar')), TAR);
    const target = join(folder, 'target', 'rootfs');
    await assert.rejects(unpackRootfs(store, await manifestOf(store, [evil]), target), { code: 'UNSAFE_ARCHIVE' });
    assert.ok(!existsSync(join(folder, 'target', 'evil')));
  });

  it('a layer that is not there, and an abort, end it', async (t) => {
    const store = await storeOf(t);
    const absent = { mediaType: TAR, digest: `sha256:${'0'.repeat(64)}`, size: 10 } as Descriptor;
    const folder = await folderOf(t);
    await assert.rejects(unpackRootfs(store, await manifestOf(store, [absent]), folder), { code: 'IMAGE_NOT_FOUND' });
    const reason = new Error('mine');
    const signal = AbortSignal.abort(reason);
    await assert.rejects(unpackRootfs(store, await manifestOf(store, [absent]), folder, { signal }), reason);
  });

  const isRoot = process.getuid?.() === 0;
  it('needs no root: files of root become those of who unpacks', { skip: isRoot ? false : 'needs root' }, async (t) => {
    const store = await storeOf(t);
    const layer = await layerOf(t, store, { 'bin/tool': 'x', 'secret/x': 'y' }, 'rootfs', ['--owner=0', '--group=0']);
    const folder = await folderOf(t);
    chmodSync(folder, 0o777);
    const module = (path: string): string => JSON.stringify(join(import.meta.dirname, '../../../src', path));
    const script = `
      import { Readable } from 'node:stream';
      import { unpackRootfs } from ${module('cluster-image/unpack.ts')};
      process.setgid(65534); process.setuid(65534);
      const bytes = Buffer.from(process.argv[1], 'base64');
      const read = async (_digest, { start = 0, end = Infinity } = {}) => Readable.from([bytes.subarray(start, end + 1)]);
      await unpackRootfs({ read }, { layers: [${JSON.stringify(layer)}] }, ${JSON.stringify(join(folder, 'rootfs'))});`;
    const bytes = (await store.bytes(layer.digest, 1 << 20)).toString('base64');
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script, bytes], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    assert.equal(statSync(join(folder, 'rootfs/bin/tool')).uid, 65534);
  });
});
