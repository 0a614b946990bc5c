import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { harvest } from '../../../src/cluster-image/index.ts';
import { engineFallback, engineSource } from '../../../src/local-images/index.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { formatReference, parseReference } from '../../../src/oci/reference.ts';
import { startContainerd } from '../../lab/containerd.ts';
import { labEngine } from '../../lab/engine.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { storeOf } from '../../lab/stores.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { FakeClient, named } from '../../unit/cluster-image/image-maker.ts';

const AMD64 = parsePlatform('linux/amd64');
const ARM64 = parsePlatform('linux/arm64');
const onProblem = () => {};

/** A docker-archive of one image for amd64, made by other people's tools. */
async function makeArchive(t: TestContext, name: string): Promise<string> {
  const folder = await folderOf(t, 'archive');
  writeFiles(join(folder, 'root'), { 'etc/motd': randomUUID() });
  await runTool('tar', ['-C', join(folder, 'root'), '-cf', join(folder, 'layer.tar'), '.']);
  const file = join(folder, 'app.tar');
  await runTool('crane', ['append', '--oci-empty-base', '-f', join(folder, 'layer.tar'), '-t', name, '-o', file]);
  return file;
}

test('an image that only podman has is harvested from it, and once', {
  skip: needs('podman', 'crane', 'tar'),
}, async (t) => {
  await using engine = await labEngine();
  if (engine.skip !== false) return t.skip(engine.skip);
  const store = await storeOf(t);
  const name = `docker.io/library/sealer-test-${randomUUID()}:dev`;
  const folder = await folderOf(t, 'image');
  writeFiles(folder, { 'root/etc/motd': 'hello' });
  await runTool('tar', ['-C', join(folder, 'root'), '-cf', join(folder, 'rootfs.tar'), '.']);
  // podman import gives the image the architecture of this machine, and a name.
  await engine.podman('import', '--arch', 'amd64', '--os', 'linux', join(folder, 'rootfs.tar'), name);
  try {
    const env = { CONTAINER_HOST: engine.env.DOCKER_HOST };
    const fallback = engineFallback([engineSource('podman', { store, env })], { store, platforms: [AMD64], onProblem });
    const first = await harvest(named(name), { store, client: new FakeClient(), platforms: [AMD64], fallback });
    assert.equal(first.images[0]?.manifests.length, 1);
    const again = await harvest(named(name), { store, client: new FakeClient(), platforms: [AMD64], offline: true });
    assert.equal(again.images[0]?.digest, first.images[0]?.digest);
    const foreign = engineFallback([engineSource('podman', { store, env })], { store, platforms: [ARM64], onProblem });
    await assert.rejects(
      harvest(named(name), { store, client: new FakeClient(), platforms: [ARM64], fallback: foreign }),
      (error: { problems?: { code: string }[] }) => error.problems?.[0]?.code === 'PLATFORM_NOT_FOUND',
    );
  } finally {
    await engine.podman('rmi', '--force', name);
  }
});

test('an image that only containerd has keeps the digest that it has there', {
  skip: needs('containerd', 'ctr', 'crane', 'tar'),
}, async (t) => {
  await using containerd = await startContainerd();
  const store = await storeOf(t);
  const reference = parseReference('registry.invalid/team/app:dev');
  const name = formatReference(reference);
  const ctr = (...args: string[]) => runTool('ctr', ['--address', containerd.socket, '-n', 'k8s.io', ...args]);
  await ctr('images', 'import', '--all-platforms', await makeArchive(t, name));
  const env = { PATH: process.env.PATH, CONTAINERD_ADDRESS: containerd.socket };
  const engine = engineSource('containerd', { store, env });
  const there = await engine.find(reference);
  assert.ok(there?.digest !== undefined);
  const fallback = engineFallback([engine], { store, platforms: [AMD64], onProblem });
  const { images } = await harvest(named(name), { store, client: new FakeClient(), platforms: [AMD64], fallback });
  assert.equal(images[0]?.digest, there.digest);
  const pinned = `${name}@${there.digest}`;
  assert.equal((await harvest(named(pinned), { store, client: new FakeClient(), platforms: [AMD64] })).moved, 0);
  assert.equal(await engine.find(parseReference('registry.invalid/team/gone:dev')), undefined);
  const nobody = engineSource('containerd', { store, env: { ...env, CONTAINERD_ADDRESS: '/nowhere/c.sock' } });
  await assert.rejects(nobody.find(reference), { code: 'ENGINE_NOT_FOUND' });
});
