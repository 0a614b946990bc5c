/** The tools that people use, against our registry; and docker-registry over the folder that we wrote. */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { folderStorage, serveRegistry } from '../../../src/registry/server/index.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { writeHtpasswd } from '../../lab/htpasswd.ts';
import { temporaryFolder } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { blobOf, expectStatus, Repository, randomBlob } from '../conformance/client.ts';
import { dataSets, MANIFEST } from '../conformance/data-sets.ts';
import { STORAGES, startRegistry } from '../conformance/registries.ts';

for (const kind of STORAGES) {
  describe(`peers of a ${kind}`, () => {
    test('crane pushes, pulls, lists, validates and deletes', { skip: needs('crane') }, async () => {
      await using folder = await temporaryFolder('crane');
      await using registry = await startRegistry(kind);
      await pushImage(registry.url, 'team/shop', 'v1');
      const image = `${registry.address}/team/shop`;
      await runTool('crane', ['validate', '--remote', `${image}:v1`]);
      assert.deepEqual(lines(await runTool('crane', ['ls', image])), ['v1']);
      assert.deepEqual(lines(await runTool('crane', ['catalog', registry.address])), ['team/shop']);
      const file = join(folder.path, 'shop.tar');
      await runTool('crane', ['pull', `${image}:v1`, file]);
      await runTool('crane', ['push', file, `${registry.address}/other:v2`]);
      await runTool('crane', ['validate', '--remote', `${registry.address}/other:v2`]);
      await runTool('crane', ['copy', `${image}:v1`, `${registry.address}/mounted:v3`]);
      const digest = (await runTool('crane', ['digest', `${image}:v1`])).trim();
      assert.equal((await runTool('crane', ['digest', `${registry.address}/mounted:v3`])).trim(), digest);
      await runTool('crane', ['delete', `${image}@${digest}`]);
      assert.deepEqual(lines(await runTool('crane', ['ls', image])), []);
    });

    test('skopeo copies, inspects and deletes', { skip: needs('skopeo') }, async () => {
      await using folder = await temporaryFolder('skopeo');
      await using registry = await startRegistry(kind);
      await pushImage(registry.url, 'team/shop', 'v1');
      const image = `docker://${registry.address}/team/shop:v1`;
      await runTool('skopeo', ['copy', '--src-tls-verify=false', image, `oci:${folder.path}/layout:v1`]);
      const copy = `docker://${registry.address}/copy:v2`;
      await runTool('skopeo', ['copy', '--dest-tls-verify=false', `oci:${folder.path}/layout:v1`, copy]);
      const inspected = JSON.parse(await runTool('skopeo', ['inspect', '--tls-verify=false', copy]));
      assert.deepEqual(inspected.RepoTags, ['v2']);
      await runTool('skopeo', ['delete', '--tls-verify=false', copy]);
      await assert.rejects(
        runTool('skopeo', ['inspect', '--tls-verify=false', copy]),
        /manifest unknown|MANIFEST_UNKNOWN/i,
      );
    });

    test('skopeo logs in with a user of the file, by bcrypt', { skip: needs('skopeo', 'htpasswd') }, async () => {
      await using folder = await temporaryFolder('login');
      const htpasswd = await writeHtpasswd(folder.path, 'ann', 'secret');
      await using registry = await startRegistry(kind, { htpasswd });
      const authFile = join(folder.path, 'auth.json');
      const login = ['login', '--tls-verify=false', '--authfile', authFile, '-u', 'ann'];
      await runTool('skopeo', [...login, '-p', 'secret', registry.address]);
      await assert.rejects(
        runTool('skopeo', [...login, '-p', 'wrong', registry.address]),
        /invalid username\/password/,
      );
    });
  });
}

test('docker-registry serves the folder that we wrote', { skip: needs('docker-registry', 'crane') }, async () => {
  await using folder = await temporaryFolder('shared');
  const content = dataSets().filter(({ name }) => ['Image', 'Index', 'Nested Index', 'Artifact'].includes(name));
  {
    await using ours = await serveRegistry({ storage: folderStorage(folder.path) });
    await pushImage(ours.url, 'team/shop', 'v1');
    for (const { blobs, manifests, tag = '' } of content) {
      const repository = new Repository(ours, 'sets/all');
      for (const blob of blobs) await repository.push(blob);
      for (const manifest of manifests) {
        const reference = manifest === manifests.at(-1) ? tag : manifest.digest;
        await expectStatus(await repository.putManifest(reference, manifest.bytes, manifest.mediaType), 201);
      }
    }
  }
  await using theirs = await startDockerRegistry({ root: folder.path });
  await runTool('crane', ['validate', '--remote', `${theirs.address}/team/shop:v1`]);
  assert.deepEqual(lines(await runTool('crane', ['catalog', theirs.address])), ['sets/all', 'team/shop']);
  const repository = new Repository({ url: `http://${theirs.address}` }, 'sets/all');
  for (const { blobs, manifests, tag } of content) {
    for (const blob of blobs) await repository.expectBlob(blob);
    for (const { digest, bytes, mediaType } of manifests) {
      const got = await expectStatus(await repository.get(`manifests/${digest}`, { Accept: mediaType }), 200);
      assert.deepEqual(Buffer.from(await got.arrayBuffer()), bytes);
    }
    const top = manifests.at(-1);
    const tagged = await repository.get(`manifests/${tag}`, { Accept: top?.mediaType ?? '' });
    assert.equal((await expectStatus(tagged, 200)).headers.get('docker-content-digest'), top?.digest);
  }
});

test('we serve the folder that docker-registry wrote, while it runs', {
  skip: needs('docker-registry', 'crane'),
}, async () => {
  await using theirs = await startDockerRegistry();
  await pushImage(`http://${theirs.address}`, 'team/shop', 'v1');
  await using ours = await serveRegistry({ storage: folderStorage(theirs.root) });
  await runTool('crane', ['validate', '--remote', `${ours.address}/team/shop:v1`]);
  const digest = (await runTool('crane', ['digest', `${theirs.address}/team/shop:v1`])).trim();
  await pushImage(ours.url, 'team/shop', 'v2');
  await runTool('crane', ['validate', '--remote', `${theirs.address}/team/shop:v2`]);
  await runTool('crane', ['delete', `${ours.address}/team/shop@${digest}`]);
  assert.deepEqual(lines(await runTool('crane', ['ls', `${theirs.address}/team/shop`])), ['v2']);
});

test('links hold the digest, without a newline', async () => {
  await using registry = await startRegistry('folder');
  const repository = new Repository(registry, 'team/shop');
  const blob = randomBlob();
  await repository.push(blob);
  const hex = blob.digest.split(':')[1] ?? '';
  const v2 = join(registry.root, 'docker/registry/v2');
  const link = await readFile(join(v2, 'repositories/team/shop/_layers/sha256', hex, 'link'), 'utf8');
  assert.equal(link, blob.digest);
  assert.deepEqual(await readFile(join(v2, 'blobs/sha256', hex.slice(0, 2), hex, 'data')), blob.bytes);
});

test('containerd finds images of a mirrored registry by ns', async () => {
  for (const kind of STORAGES) {
    await using registry = await startRegistry(kind);
    const plain = new Repository(registry, 'library/nginx');
    const qualified = new Repository(registry, 'docker.io/library/nginx');
    const inPlain = await pushImage(registry.url, plain.name, 'v1');
    const before = await expectStatus(await plain.get('manifests/v1?ns=ghcr.io'), 200);
    assert.equal(before.headers.get('docker-content-digest'), inPlain);
    if (kind === 'store') continue;
    const inQualified = await pushImage(registry.url, qualified.name, 'v1');
    const response = await expectStatus(await plain.get('manifests/v1?ns=docker.io'), 200);
    assert.equal(response.headers.get('docker-content-digest'), inQualified);
    assert.equal(response.headers.get('oci-namespace'), 'docker.io');
    const inPort = await pushImage(registry.url, 'localhost_5000/app', 'v1');
    const app = await new Repository(registry, 'app').get('manifests/v1?ns=localhost:5000');
    assert.equal((await expectStatus(app, 200)).headers.get('docker-content-digest'), inPort);
    await expectStatus(await plain.get('manifests/v1?ns=../..'), 400);
  }
});

/** Pushes an image that crane's validation accepts; its digest. */
async function pushImage(url: string, name: string, tag: string): Promise<string> {
  const repository = new Repository({ url }, name);
  const layer = tarOf('hello.txt', randomBlob(2000).bytes);
  const config = {
    architecture: 'amd64',
    os: 'linux',
    config: {},
    rootfs: { type: 'layers', diff_ids: [blobOf(layer).digest] },
    history: [{ created_by: 'test' }],
  };
  const parts = [blobOf(JSON.stringify(config)), blobOf(gzipSync(layer))] as const;
  for (const part of parts) await repository.push(part);
  const [describedConfig, describedLayer] = parts.map(({ digest, bytes }, i) => {
    const kind = i === 0 ? 'config.v1+json' : 'layer.v1.tar+gzip';
    return { mediaType: `application/vnd.oci.image.${kind}`, digest, size: bytes.length };
  });
  const manifest = { schemaVersion: 2, mediaType: MANIFEST, config: describedConfig, layers: [describedLayer] };
  const bytes = Buffer.from(JSON.stringify(manifest));
  await expectStatus(await repository.putManifest(tag, bytes, MANIFEST), 201);
  return blobOf(bytes).digest;
}

/** A tar archive of one file, as POSIX has it. */
function tarOf(path: string, content: Buffer): Buffer {
  const header = Buffer.alloc(512);
  header.write(path, 0);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write(`${'0'.repeat(11)}\0`, 136);
  header.write('        0', 148);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return Buffer.concat([header, content, Buffer.alloc((512 - (content.length % 512)) % 512), Buffer.alloc(1024)]);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
