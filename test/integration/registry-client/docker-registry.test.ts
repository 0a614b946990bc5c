import assert from 'node:assert/strict';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { type Descriptor, describe as describeBytes } from '../../../src/oci/descriptor.ts';
import { OCI_INDEX, OCI_LAYER } from '../../../src/oci/media-types.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import type { Store } from '../../../src/oci/store/index.ts';
import {
  loadCredentials,
  login,
  logout,
  pullImage,
  pushImage,
  RegistryClient,
} from '../../../src/registry/client/index.ts';
import { CERTIFICATE_TOOLS, makeCertificates } from '../../lab/certificates.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { writeHtpasswd } from '../../lab/htpasswd.ts';
import { folderOf, noise } from '../../lab/scratch.ts';
import { storeOf } from '../../lab/stores.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { keep, makeImage, sealerError } from '../../unit/registry-client/setting.ts';

const amd = makeImage([noise(200_000, '1'), noise(3000, '2')]);
const arm = makeImage([noise(200_000, '1'), noise(3000, '3')], {}, 'arm64');
const bytes = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [
      { ...amd.manifest, platform: parsePlatform('linux/amd64') },
      { ...arm.manifest, platform: parsePlatform('linux/arm64') },
    ],
  }),
);

async function imageIn(store: Store): Promise<Descriptor> {
  for (const image of [amd, arm]) await keep(store, image);
  return await store.add(bytes, OCI_INDEX);
}

function clientOf(t: TestContext, env: NodeJS.ProcessEnv, more: { caFiles?: string[] } = {}): RegistryClient {
  const client = new RegistryClient({ env, ...more });
  t.after(() => client[Symbol.asyncDispose]());
  return client;
}

async function readByOthers(address: string, t: TestContext): Promise<void> {
  const target = join(await folderOf(t), 'copy');
  const source = `docker://${address}/team/app:v1`;
  await runTool('skopeo', ['copy', '--all', '--preserve-digests', '--src-tls-verify=false', source, `dir:${target}`]);
  assert.deepEqual(await readFile(join(target, 'manifest.json')), bytes);
}

test('what is pushed can be read by skopeo and comes back by pull', {
  skip: needs('docker-registry', 'skopeo'),
}, async (t) => {
  await using registry = await startDockerRegistry();
  const { address } = registry;
  const client = clientOf(t, { HOME: await folderOf(t) });
  const store = await storeOf(t);
  const ref = parseReference(`${address}/team/app:v1`);
  const pushed = await pushImage(client, store, await imageIn(store), ref);
  await readByOthers(address, t);
  const copy = await storeOf(t);
  const pulled = await pullImage(client, copy, ref, { platforms: 'all' });
  assert.equal(pulled.descriptor.digest, pushed.digest);
  assert.equal(pulled.moved, pushed.moved);
  const mounted = await pushImage(client, store, pulled.descriptor, parseReference(`${address}/other/name:v1`));
  assert.ok(mounted.mounted > 200_000);
  const tags: string[] = [];
  for await (const tag of client.tags(ref)) tags.push(tag);
  assert.deepEqual(tags, ['v1']);
  await client.deleteManifest({ ...ref, digest: pushed.digest });
  await assert.rejects(client.resolve(ref), sealerError('IMAGE_NOT_FOUND'));
});

test('chunks are taken by docker-registry, and resumed after a cut', {
  skip: needs('docker-registry'),
}, async (t) => {
  await using registry = await startDockerRegistry();
  const { address } = registry;
  const client = clientOf(t, { HOME: await folderOf(t) });
  const large = noise(3 * 1024 * 1024, '7');
  const blob = describeBytes(large, OCI_LAYER);
  let opened = 0;
  // The first two attempts break in the middle: the whole, and then a chunk.
  const source = async ({ start, end }: { start: number; end?: number } = { start: 0 }) => {
    opened += 1;
    const part = large.subarray(start, end === undefined ? undefined : end + 1);
    if (opened > 2) return Readable.from([part]);
    return Readable.from(
      (async function* () {
        yield part.subarray(0, 2 * 1024 * 1024);
        throw Object.assign(new Error('cut'), { code: 'ECONNRESET' });
      })(),
    );
  };
  const ref = parseReference(`${address}/team/app`);
  assert.equal(await client.pushBlob(ref, blob, source), 'uploaded');
  assert.ok(await client.hasBlob(ref, blob.digest));
  assert.equal(opened, 3);
});

test('a registry with passwords: login, push, pull, logout', {
  skip: needs('docker-registry', 'htpasswd', 'skopeo'),
}, async (t) => {
  const htpasswd = await writeHtpasswd(await folderOf(t, 'htpasswd'), 'robot', 'pass:word');
  await using registry = await startDockerRegistry({ htpasswd });
  const { address } = registry;
  const env = { HOME: await folderOf(t) };
  const store = await storeOf(t);
  const image = await imageIn(store);
  const ref = parseReference(`${address}/team/app:v1`);
  await assert.rejects(
    pushImage(clientOf(t, env), store, image, ref),
    sealerError('UNAUTHORIZED', /No credential/, /sealer login/),
  );
  const account = { registry: address, username: 'robot', env };
  await assert.rejects(login({ ...account, password: 'wrong' }), sealerError('UNAUTHORIZED'));
  await login({ ...account, password: 'pass:word' });
  await pushImage(clientOf(t, env), store, image, ref);
  // The file is one that skopeo reads, too.
  const file = join(env.HOME, '.docker/config.json');
  await runTool('skopeo', [
    'inspect',
    '--raw',
    '--authfile',
    file,
    '--tls-verify=false',
    `docker://${address}/team/app:v1`,
  ]);
  assert.ok((await loadCredentials(env)).searched?.includes('~/.docker/config.json'));
  await logout({ registry: address, env });
  await assert.rejects(pullImage(clientOf(t, env), await storeOf(t), ref), sealerError('UNAUTHORIZED'));
});

test('a CA of our own: by option, by certs.d; without it the error says so', {
  skip: needs('docker-registry', ...CERTIFICATE_TOOLS),
}, async (t) => {
  const tls = await makeCertificates(await folderOf(t, 'certificates'));
  await using registry = await startDockerRegistry({ tls });
  const { address } = registry;
  const env = { HOME: await folderOf(t) };
  const store = await storeOf(t);
  const image = await imageIn(store);
  const ref = parseReference(`${address}/team/app:v1`);
  await assert.rejects(
    pushImage(clientOf(t, env), store, image, ref),
    sealerError('INSECURE_REGISTRY', /not trusted/, /certs\.d/),
  );
  const { moved } = await pushImage(clientOf(t, env, { caFiles: [tls.ca] }), store, image, ref);
  assert.ok(moved > 200_000);
  const large = makeImage([noise(6 * 1024 * 1024, '8')]);
  await keep(store, large);
  const other = parseReference(`${address}/team/large:v1`);
  const trusting = clientOf(t, env, { caFiles: [tls.ca] });
  await pushImage(trusting, store, large.manifest, other);
  await pullImage(trusting, await storeOf(t), other);
  const certs = join(env.HOME, '.config/containers/certs.d', address);
  await mkdir(certs, { recursive: true });
  await copyFile(tls.ca, join(certs, 'ca.crt'));
  assert.equal((await clientOf(t, env).resolve(ref)).digest, image.digest);
  await using careless = new RegistryClient({ env: { HOME: '/nonexistent' }, insecure: [address] });
  assert.equal((await careless.resolve(ref)).digest, image.digest);
});
