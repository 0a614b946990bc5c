import { test } from 'node:test';
import { SHOP_PORT } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { copyOfStandInImages, needsStandIns, realProgram, standInReleases } from '../../lab/stand-ins/base-images.ts';
import { labCluster } from './lab-cluster.ts';
import { LIFE_HOSTS, lifeOfACluster } from './life-of-a-cluster.ts';

test(`k3s: the life of a cluster (${realProgram('k3s') ?? 'a stand-in'})`, {
  skip: unlessLong(needsStandIns()),
}, async (t) => {
  const fill = (path: string) => copyOfStandInImages('k3s', path);
  await using on = await labCluster({ count: LIFE_HOSTS, prefix: 'k3s', standIns: true }, fill);
  const releases = standInReleases('k3s');
  await lifeOfACluster(t, on, {
    ...releases,
    port: SHOP_PORT,
  });
});
