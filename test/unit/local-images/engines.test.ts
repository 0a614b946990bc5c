import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { type Problem, SealerError } from '../../../src/error.ts';
import { type EngineSource, engineFallback, engineSource } from '../../../src/local-images/index.ts';
import { saveArchive } from '../../../src/oci/archive/index.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { storeOf, withStore } from '../../lab/stores.ts';
import { realImage } from './real-image.ts';

const AMD64 = parsePlatform('linux/amd64');
const ARM64 = parsePlatform('linux/arm64');
const APP = parseReference('app:dev');
const ID = `sha256:${'a'.repeat(64)}`;

interface Engine {
  readonly env: NodeJS.ProcessEnv;
  readonly requests: string[];
}

async function startEngine(
  t: TestContext,
  answer: (path: string, response: ServerResponse, request: IncomingMessage) => void,
): Promise<Engine> {
  const socket = join(await folderOf(t, 'engine'), 'docker.sock');
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request.url ?? '', response, request);
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { env: { DOCKER_HOST: `unix://${socket}`, CONTAINER_HOST: `unix://${socket}` }, requests };
}

async function dockerSave(text: string, name: string): Promise<Buffer> {
  let bytes: Buffer = Buffer.alloc(0);
  await withStore(async (store) => {
    const image = realImage(text);
    for (const each of image.content.values()) await store.add(each, 'application/octet-stream');
    const sink = new PassThrough();
    const collected = buffer(sink);
    await saveArchive(store, [{ name, descriptor: image.root }], sink, { format: 'docker-archive' });
    bytes = await collected;
  });
  return bytes;
}

const inspected = (architecture = 'amd64'): string =>
  JSON.stringify({ Id: ID, Os: 'linux', Architecture: architecture });

test('an image of docker comes over its socket, once for all builds', async (t) => {
  const store = await storeOf(t);
  const archive = await dockerSave('a', 'docker.io/library/app:dev');
  const { env, requests } = await startEngine(t, (path, response) => {
    response.end(path.endsWith('/json') ? inspected() : archive);
  });
  const docker = engineSource('docker', { store, env });
  const image = await docker.find(APP);
  assert.ok(image !== undefined);
  const descriptor = await docker.import(image, APP, AMD64);
  assert.equal((await store.document(descriptor.digest)).kind, 'manifest');
  assert.deepEqual(await docker.import(image, APP, AMD64), descriptor);
  assert.deepEqual(requests, [
    'GET /images/docker.io/library/app:dev/json',
    'GET /images/docker.io/library/app:dev/get',
  ]);
  assert.deepEqual(await store.names(), []);
});

test('what podman built has the host localhost there', async (t) => {
  const store = await storeOf(t);
  const archive = await dockerSave('a', 'localhost/app:dev');
  const { env } = await startEngine(t, (path, response) => {
    if (!path.startsWith('/images/localhost/')) return void response.writeHead(404).end('{"message":"no such image"}');
    response.end(path.endsWith('/json') ? inspected() : archive);
  });
  const podman = engineSource('podman', { store, env });
  const image = await podman.find(APP);
  assert.equal(image?.name, 'localhost/app:dev');
  await podman.import(image, APP, AMD64);
  assert.equal(await podman.find(parseReference('quay.io/team/app:dev')), undefined);
});

test('an image for another platform is refused before its bytes are moved', async (t) => {
  const store = await storeOf(t);
  const { env, requests } = await startEngine(t, (_, response) => void response.end(inspected('arm64')));
  const docker = engineSource('docker', { store, env });
  const image = await docker.find(APP);
  assert.ok(image !== undefined);
  await assert.rejects(docker.import(image, APP, AMD64), { code: 'PLATFORM_NOT_FOUND' });
  assert.equal(requests.length, 1);
});

test('an engine that is not there, fails, lies or breaks off says so', async (t) => {
  const store = await storeOf(t);
  const gone = engineSource('docker', { store, env: { DOCKER_HOST: 'unix:///nowhere/docker.sock' } });
  await assert.rejects(gone.find(APP), { code: 'ENGINE_NOT_FOUND' });
  const ssh = engineSource('docker', { store, env: { DOCKER_HOST: 'ssh://user:secret@host' } });
  await assert.rejects(ssh.find(APP), (error: Error) => !error.message.includes('secret'));
  const archive = await dockerSave('a', 'docker.io/library/app:dev');
  let answer = (_: string, response: ServerResponse): void =>
    void response.writeHead(500).end('{"message":"broken disk"}');
  const { env } = await startEngine(t, (path, response) => answer(path, response));
  const docker = engineSource('docker', { store, env });
  await assert.rejects(docker.find(APP), { code: 'ENGINE_ERROR', message: /500: broken disk/ });
  answer = (_, response) => void response.end('x'.repeat(5 * 1024 * 1024));
  await assert.rejects(docker.find(APP), { code: 'ENGINE_ERROR' });
  answer = (path, response) => {
    if (path.endsWith('/json')) return void response.end(inspected());
    response.write(archive.subarray(0, 700));
    response.flushHeaders();
    setImmediate(() => response.destroy());
  };
  const image = await docker.find(APP);
  assert.ok(image !== undefined);
  await assert.rejects(docker.import(image, APP, AMD64), { code: 'ENGINE_ERROR' });
});

const missing = new SealerError('IMAGE_NOT_FOUND', 'app:dev does not exist');

function fake(kind: EngineSource['kind'], work: Partial<EngineSource>): EngineSource {
  const nothing = async () => undefined;
  const never = async () => {
    throw new Error('nothing is to be imported');
  };
  return { kind, find: nothing, import: never, ...work };
}

test('engines are asked in order, one that is absent once, and only for what a registry does not have', async (t) => {
  const store = await storeOf(t);
  const { root, content } = realImage('a');
  for (const bytes of content.values()) await store.add(bytes, 'application/octet-stream');
  const asked: string[] = [];
  const absent = fake('docker', {
    find() {
      asked.push('docker');
      throw new SealerError('ENGINE_NOT_FOUND', 'docker does not answer');
    },
  });
  const podman = fake('podman', {
    find: async () => void asked.push('podman') as undefined,
  });
  const containerd = fake('containerd', {
    find: async () => ({ name: 'app', id: 'x' }),
    import: async () => root,
  });
  const problems: Problem[] = [];
  const options = { store, platforms: [AMD64], onProblem: (problem: Problem) => void problems.push(problem) };
  const fallback = engineFallback([absent, podman, containerd], options);
  assert.equal(await fallback(APP, missing), root.digest);
  assert.equal(await fallback(APP, missing), root.digest);
  assert.deepEqual(asked, ['docker', 'podman', 'podman']);
  assert.deepEqual(
    problems.map(({ code, severity }) => `${code} ${severity}`),
    ['ENGINE_NOT_FOUND warning'],
  );
  assert.equal(await fallback(APP, new SealerError('PLATFORM_NOT_FOUND', '')), undefined);
  assert.equal(await fallback(APP, new SealerError('DIGEST_MISMATCH', '')), undefined);
});

test('a pinned image is taken only from an engine that has exactly that', async (t) => {
  const store = await storeOf(t);
  const { root } = realImage('a');
  const pinned = { ...APP, digest: root.digest };
  const options = { store, platforms: [AMD64], onProblem: () => {} };
  const docker = fake('docker', { find: async () => ({ name: 'app', id: 'x' }), import: async () => root });
  assert.equal(await engineFallback([docker], options)(pinned, missing), undefined);
  const containerd = fake('containerd', {
    find: async () => ({ name: 'app', id: root.digest, digest: root.digest }),
    import: async () => root,
  });
  assert.equal(await engineFallback([docker, containerd], options)(pinned, missing), root.digest);
});

test('a ctr that fails tells what it said; one that is absent says so', async (t) => {
  const store = await storeOf(t);
  const bin = await folderOf(t, 'bin');
  writeFiles(
    bin,
    {
      ctr: `#!/bin/sh\ncase "$*" in *ls*) echo "docker.io/library/app:dev type ${ID} 1.0 MiB linux/arm64 -" ;; *) echo "content gone" >&2; exit 3 ;; esac\n`,
    },
    ['ctr'],
  );
  const containerd = engineSource('containerd', { store, env: { PATH: `${bin}:/bin:/usr/bin` } });
  const image = await containerd.find(APP);
  assert.deepEqual(image, { name: 'docker.io/library/app:dev', id: ID, digest: ID, platforms: [ARM64] });
  await assert.rejects(containerd.import(image, APP, ARM64), { code: 'ENGINE_ERROR', message: /content gone/ });
  await assert.rejects(containerd.import(image, APP, AMD64), { code: 'PLATFORM_NOT_FOUND' });
  await assert.rejects(engineSource('containerd', { store, env: { PATH: '' } }).find(APP), {
    code: 'ENGINE_NOT_FOUND',
  });
});
