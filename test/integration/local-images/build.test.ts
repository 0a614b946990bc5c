import assert from 'node:assert/strict';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { SealerError } from '../../../src/error.ts';
import { folderOf, writeFiles } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { openSetting } from '../build/setting.ts';

const NAME = 'registry.invalid/team/app:v1';
const POD = `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: x, image: "${NAME}"}]}\n`;
const skip = needs('crane', 'tar', 'skopeo', 'umoci');

/** A docker-archive made by other people's tools. */
async function archive(t: TestContext, platform = 'amd64'): Promise<string> {
  const folder = await folderOf(t, 'archive');
  const layer = join(folder, 'layer.tar');
  const file = join(folder, 'app.tar');
  writeFiles(join(folder, 'root'), { 'etc/motd': platform });
  await runTool('tar', ['-C', join(folder, 'root'), '-cf', layer, '.']);
  await runTool('crane', ['append', '--oci-empty-base', '-f', layer, '-t', NAME, '-o', join(folder, 'bare.tar')]);
  // An image on an empty base has no platform; umoci writes one into it.
  const oci = join(folder, 'oci');
  await runTool('skopeo', ['copy', `docker-archive:${join(folder, 'bare.tar')}`, `oci:${oci}:v1`]);
  await runTool('umoci', ['config', '--image', `${oci}:v1`, '--os', 'linux', '--architecture', platform]);
  await runTool('skopeo', ['copy', `oci:${oci}:v1`, `docker-archive:${file}:${NAME}`]);
  return file;
}

test('an archive below images/ gives its images to the build, which asks no registry', {
  skip,
}, async (t) => {
  await using setting = await openSetting();
  writeFiles(setting.context, { 'manifests/pod.yaml': POD, 'images/README': 'x' });
  await copyFile(await archive(t), join(setting.context, 'images', 'app.tar'));
  const files = { Kubefile: 'FROM scratch\nCOPY manifests manifests\nCOPY images images\n' };
  const result = await setting.build(files);
  assert.deepEqual(
    result.platforms[0]?.images.map(({ reference }) => reference),
    [NAME],
  );
  assert.equal(result.fetchedBytes, 0);
  const again = await setting.build({});
  assert.equal(again.digest, result.digest);
});

test('an archive from outside gives only what the content names', { skip }, async (t) => {
  await using setting = await openSetting();
  const imageArchives = [await archive(t)];
  const none = await setting.build({ Kubefile: 'FROM scratch\nCOPY a a\n', a: 'a' }, { imageArchives });
  assert.deepEqual(none.platforms[0]?.images, []);
  const Kubefile = 'FROM scratch\nCOPY manifests manifests\n';
  const named = await setting.build({ Kubefile, 'manifests/pod.yaml': POD }, { imageArchives });
  assert.deepEqual(
    named.platforms[0]?.images.map(({ reference }) => reference),
    [NAME],
  );
});

test('an archive for another platform fails the build and is named', { skip }, async (t) => {
  await using setting = await openSetting();
  writeFiles(setting.context, { 'images/README': 'x' });
  await copyFile(await archive(t, 'arm64'), join(setting.context, 'images', 'app.tar'));
  await assert.rejects(setting.build({ Kubefile: 'FROM scratch\nCOPY images images\n' }), (error) => {
    assert.ok(error instanceof SealerError);
    const problem = error.problems[0];
    assert.equal(problem?.code, 'PLATFORM_NOT_FOUND');
    assert.match(problem?.message ?? '', /images\/app\.tar/);
    return true;
  });
});
