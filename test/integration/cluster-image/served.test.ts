import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleLayers, harvest, registryFolder, repositoryPath } from '../../../src/cluster-image/index.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { formatReference } from '../../../src/oci/reference.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { anonymous, RegistryClient } from '../../../src/registry/client/index.ts';
import { pushContainerImage, pushIndex } from '../../lab/container-image.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { noise, temporaryFolder } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { named } from '../../unit/cluster-image/image-maker.ts';

const AMD64 = parsePlatform('linux/amd64');
const base = { 'usr/lib/base': noise(3_000_000, 'base') };

/** Images of every shape; answers their names and digests. */
async function fill(registry: string): Promise<readonly (readonly [name: string, digest: string])[]> {
  const app = (text: string) => [base, { 'etc/app': text }, { 'usr/bin/app': noise(2_000_000, text) }];
  const plain = await pushContainerImage(`${registry}/team/plain:v1`, { layers: app('plain') });
  const docker = await pushContainerImage(`${registry}/docker:1.0_x`, { layers: app('docker'), format: 'docker' });
  const pinned = await pushContainerImage(`${registry}/team/pinned:moving`, { layers: [{ a: 'pinned' }] });
  const children = ['linux/amd64', 'linux/arm64'].map((platform) => {
    const tag = platform.replace('/', '-');
    return { name: `${registry}/deep/er/multi:${tag}`, platform };
  });
  for (const { name, platform } of children) await pushContainerImage(name, { layers: app(platform), platform });
  const multi = await pushIndex(
    `${registry}/deep/er/multi:latest`,
    children.map(({ name }) => name),
  );
  return [
    [`${registry}/team/plain:v1`, plain],
    [`${registry}/docker:1.0_x`, docker],
    [`${registry}/team/pinned@${pinned}`, pinned],
    [`${registry}/team/pinned:fixed@${pinned}`, pinned],
    [`${registry}/deep/er/multi`, multi],
  ];
}

test('images harvested from a registry and unpacked by GNU tar are served by docker-registry, whole and under their names', {
  skip: needs('docker-registry', 'skopeo', 'crane', 'tar'),
}, async () => {
  await using folder = await temporaryFolder('served');
  const rootfs = join(folder.path, 'rootfs');
  await mkdir(rootfs);
  const source = await startDockerRegistry();
  const images = await fill(source.address);
  {
    await using store = await Store.open(join(folder.path, 'store'));
    await using client = new RegistryClient({ env: {}, credentials: anonymous });
    const harvested = await harvest(named(...images.map(([name]) => name)), { store, client, platforms: [AMD64] });
    assert.deepEqual(harvested.images.map(({ digest }) => digest).sort(), images.map(([, digest]) => digest).sort());
    for (const { descriptor } of await bundleLayers(harvested, { store, budget: 100 })) {
      const location = await store.locate(descriptor.digest);
      await runTool('tar', ['-xz', '-C', rootfs, '-f', location?.file ?? '']);
    }
    const again = await harvest(named(...images.map(([name]) => name)), { store, client, platforms: [AMD64] });
    assert.equal(again.moved, 0);
  }
  // With the source gone, what answers is the unpacked folder alone.
  await source[Symbol.asyncDispose]();
  await using served = await startDockerRegistry({ root: join(rootfs, 'registry'), readOnly: true });
  const mirrors = join(folder.path, 'registries.conf');
  const location = `${served.address}/${registryFolder(source.address)}`;
  await writeFile(mirrors, `[[registry]]\nprefix = "${source.address}"\nlocation = "${location}"\ninsecure = true\n`);
  for (const [name, digest] of images) {
    const [reference] = named(name).map((each) => each.reference);
    assert.ok(reference);
    // Runtimes ask by digest where there is one, and skopeo takes no name with both.
    const asked = { ...reference, tag: reference.digest === undefined ? reference.tag : undefined };
    const skopeo = ['--registries-conf', mirrors, '--override-os=linux', '--override-arch=amd64'];
    const copy = `dir:${join(folder.path, 'copy')}`;
    await runTool('skopeo', [...skopeo, 'copy', `docker://${formatReference(asked)}`, copy]);
    const raw = await runTool('skopeo', [...skopeo, 'inspect', '--raw', `docker://${formatReference(asked)}`]);
    await writeFile(join(folder.path, 'raw'), raw);
    assert.equal((await runTool('skopeo', ['manifest-digest', join(folder.path, 'raw')])).trim(), digest);
    const mapped = formatReference({ ...asked, registry: served.address, repository: repositoryPath(reference) });
    assert.equal((await runTool('crane', ['digest', mapped])).trim(), digest);
    await runTool('crane', ['validate', '--platform', 'linux/amd64', '--remote', mapped]);
  }
  const pinned = `http://${served.address}/v2/${registryFolder(source.address)}/team/pinned/tags/list`;
  assert.deepEqual(Object(await (await fetch(pinned)).json()).tags, ['fixed']);
});
