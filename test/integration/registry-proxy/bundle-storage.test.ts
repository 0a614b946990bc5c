/** What a build made, served from its layers after a way through a registry, to other people's clients. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { bundleStorage, repositoryPath } from '../../../src/cluster-image/index.ts';
import { parsePlatform } from '../../../src/oci/platform.ts';
import { parseReference } from '../../../src/oci/reference.ts';
import { Store } from '../../../src/oci/store/index.ts';
import { pullImage, pushImage } from '../../../src/registry/client/index.ts';
import type { Pull } from '../../../src/registry/proxy/index.ts';
import { serveRegistry } from '../../../src/registry/server/index.ts';
import { pushContainerImage, pushIndex } from '../../lab/container-image.ts';
import { pullWithContainerd } from '../../lab/containerd.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { noise } from '../../lab/scratch.ts';
import { needs, runTool } from '../../lab/tools.ts';
import { openSetting } from '../build/setting.ts';

test('an image that was built, pushed and pulled serves every container image it carries, by name and by digest', {
  skip: needs('docker-registry', 'crane', 'tar', 'containerd', 'ctr'),
}, async () => {
  await using setting = await openSetting();
  await using target = await startDockerRegistry();
  const source = await startDockerRegistry();
  const { address } = source;
  const base = { 'usr/lib/base': noise(3_000_000, 'base') };
  const plain = await pushContainerImage(`${address}/team/plain:v1`, { layers: [base, { a: 'plain' }] });
  const docker = await pushContainerImage(`${address}/docker:1.0`, { format: 'docker', layers: [base, { a: 'b' }] });
  const children = ['linux/amd64', 'linux/arm64'].map((platform) => {
    return { platform, name: `${address}/deep/multi:${platform.replace('/', '-')}` };
  });
  for (const { name, platform } of children) {
    await pushContainerImage(name, { platform, layers: [base, { p: platform }, { big: noise(2_000_000, platform) }] });
  }
  const names = children.map(({ name }) => name);
  const multi = await pushIndex(`${address}/deep/multi:latest`, names);
  const references = [`${address}/deep/multi:latest`, `${address}/docker:1.0`, `${address}/team/plain:v1`];
  const built = await setting.build({
    Kubefile: 'FROM scratch\nCOPY imageList manifests/\n',
    imageList: references.join('\n'),
  });
  const cluster = parseReference(`${target.address}/cluster:v1`);
  const top = await setting.store.resolve('docker.io/library/test:v1');
  assert.ok(top);
  await pushImage(setting.client, setting.store, top, cluster);
  await using pulled = await Store.open(join(setting.path, 'pulled'));
  await pullImage(setting.client, pulled, cluster, { platforms: [parsePlatform('linux/amd64')] });
  await source[Symbol.asyncDispose]();

  for (const store of [setting.store, pulled]) {
    const manifest = await setting.manifest(built);
    const pulls: Pull[] = [];
    const storage = await bundleStorage({ store, manifest, onPull: (pull) => pulls.push(pull) });
    await using served = await serveRegistry({ storage });
    assert.deepEqual(
      storage.images.map(({ name, digest }) => [name, digest]),
      references.map((name, i) => [name, [multi, docker, plain][i]]),
    );
    const platform = 'linux/amd64';
    const mirror = () => `${served.url}/v2`;
    assert.deepEqual(await pullWithContainerd(references, { mirror, platform }), [multi, docker, plain]);
    assert.deepEqual(
      pulls.map(({ name, outcome }) => `${outcome} ${name}`).sort(),
      references.map((name) => `served ${name}`),
    );
    const archive = join(setting.path, 'image.tar');
    for (const { name, digest } of storage.images) {
      const there = `${served.address}/${repositoryPath(parseReference(name))}@${digest}`;
      await runTool('crane', ['pull', '--insecure', '--platform', platform, there, archive]);
      await runTool('crane', ['validate', '--tarball', archive]);
    }
    await assert.rejects(pullWithContainerd([`${address}/team/none:v1`], { mirror, platform }), /not found/);
    assert.deepEqual(pulls.at(-1)?.name, `${address}/team/none:v1`);
    assert.equal(pulls.at(-1)?.outcome, 'missing');
  }
});
