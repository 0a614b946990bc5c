import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileArchive, importArchive } from '../../../src/local-images/index.ts';
import { formatPlatform } from '../../../src/oci/platform.ts';
import { pushContainerImage, pushIndex } from '../../lab/container-image.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { folderOf } from '../../lab/scratch.ts';
import { storeOf } from '../../lab/stores.ts';
import { needs, runTool } from '../../lab/tools.ts';

test("archives of skopeo and gzip are read, with the registry's digests where the format keeps them", {
  skip: needs('skopeo', 'crane', 'docker-registry', 'tar', 'gzip'),
}, async (t) => {
  await using registry = await startDockerRegistry();
  const store = await storeOf(t);
  const folder = await folderOf(t, 'archives');
  const name = `${registry.address}/team/app`;
  await pushContainerImage(`${name}:amd64`, { layers: [{ f: 'a' }, { g: 'b' }], platform: 'linux/amd64' });
  await pushContainerImage(`${name}:arm64`, { layers: [{ f: 'c' }], platform: 'linux/arm64' });
  const digest = await pushIndex(`${name}:1`, [`${name}:amd64`, `${name}:arm64`]);
  const copy = (to: string, ...flags: string[]) =>
    runTool('skopeo', ['copy', '--src-tls-verify=false', ...flags, `docker://${name}:1`, to]);
  const all = join(folder, 'all.tar');
  await copy(`oci-archive:${all}:${name}:1`, '--all');
  const one = join(folder, 'one.tar');
  await copy(`docker-archive:${one}:${name}:1`, '--override-arch', 'arm64');
  await runTool('gzip', ['-k', one]);

  const whole = (await importArchive(store, await fileArchive(all))).images;
  assert.equal(whole.length, 1);
  assert.equal(whole[0]?.descriptor.digest, digest);
  assert.deepEqual(whole[0]?.platforms.map(formatPlatform), ['linux/amd64', 'linux/arm64']);

  const plain = (await importArchive(store, await fileArchive(one))).images;
  assert.deepEqual(plain[0]?.platforms.map(formatPlatform), ['linux/arm64']);
  const open = async () => createReadStream(`${one}.gz`);
  const packed = await importArchive(store, { name: 'images/one.tar.gz', isWanted: true, open });
  assert.deepEqual(packed.images, plain);
});

test('an archive that is not there is said to be not there', async () => {
  await assert.rejects(fileArchive('/nowhere/app.tar'), { code: 'SOURCE_NOT_FOUND' });
});
