/** An external registry gets what a cluster image carries, and the rootfs for the hosts. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  distribute,
  layerRepository,
  observeHosts,
  planDistribution,
  readImage,
} from '../../../src/cluster/distribution/index.ts';
import { externalAccess, pushBundle, pushLayers } from '../../../src/cluster/registry/index.ts';
import { startDockerRegistry } from '../../lab/docker-registry.ts';
import { FakeClient, gzipLayer, makeImage, makeIndex } from '../../unit/cluster-image/image-maker.ts';
import { openSetting } from '../build/setting.ts';
import { needsSpaces, SPACE, spaceHosts } from './space-hosts.ts';

const skip = needsSpaces('docker-registry', 'curl', 'tar');

test('every image is pushed under its host, digests kept; a second push moves nothing; hosts fetch the rootfs there', {
  skip,
}, async () => {
  await using setting = await openSetting();
  await using registry = await startDockerRegistry();
  const shared = gzipLayer('shared', 1_000_000);
  const plain = makeImage([shared, gzipLayer('x', 1_000_000)]);
  const amd64 = makeImage([shared, gzipLayer('a', 1_000_000)]);
  // The cluster image is for amd64, so one platform is carried, and this registry takes no index without the other.
  const index = makeIndex({
    'linux/amd64': amd64,
    'linux/arm64': makeImage([gzipLayer('b', 1_000_000)], 'linux/arm64'),
  });
  const client = new FakeClient().put('docker.io/library/x:v1', plain).put('quay.io:8443/team/y:v2', index);
  const names = ['docker.io/library/x:v1', 'quay.io:8443/team/y:v2'];
  const result = await setting.build(
    { Kubefile: 'FROM scratch\nCOPY imageList manifests/\nCOPY a etc/a\n', a: 'a', imageList: names.join('\n') },
    {},
    { client: Object(client) },
  );
  const manifest = await setting.manifest(result);
  const [host = '', port = ''] = registry.address.split(':');
  const external = { kind: 'external' as const, domain: host, port: Number(port), insecure: true };
  const first = await pushBundle(setting.store, manifest, external, { client: setting.client });
  assert.deepEqual(first.images, names);
  assert.ok(first.moved > 3_000_000 && first.moved < 3_200_000, `${first.moved}`);
  const again = await pushBundle(setting.store, manifest, external, { client: setting.client });
  assert.equal(again.moved, 0);
  const digestOf = async (path: string, tag: string) => {
    const Accept = 'application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json';
    const answer = await fetch(`http://${registry.address}/v2/${path}/manifests/${tag}`, { headers: { Accept } });
    await answer.body?.cancel();
    return answer.headers.get('docker-content-digest');
  };
  assert.equal(await digestOf('docker.io/library/x', 'v1'), plain.root.digest);
  assert.equal(await digestOf('quay.io_8443/team/y', 'v2'), amd64.root.digest);

  const digest = result.platforms[0]?.manifest.digest;
  assert.ok(digest);
  const image = await readImage(setting.store, { digest, manifest });
  assert.ok((await pushLayers(image, 'shop', external, { client: setting.client })) > 0);
  assert.equal(await pushLayers(image, 'shop', external, { client: setting.client }), 0);
  assert.equal(layerRepository('shop'), 'sealer/shop');
  await using spaces = await spaceHosts({ count: 2 });
  const hosts = spaces.hosts.map((each) => each.host);
  const home = `${SPACE}/shop`;
  const present = await observeHosts(image, hosts, { home });
  const plan = planDistribution(image, { hosts, registryHosts: [], present });
  const access = externalAccess(external, names, undefined);
  const done = await distribute(plan, { home, cluster: 'shop', serve: async () => access });
  assert.equal(done.sentByRunner, 0);
  assert.ok(done.fetchedByHosts > 0);
  const after = await observeHosts(image, hosts, { home });
  assert.ok(planDistribution(image, { hosts, registryHosts: [], present: after }).isEmpty);
});
