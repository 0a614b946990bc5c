import { test } from 'node:test';
import { SHOP_PORT } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { copyOfStandInImages, needsStandIns, realProgram, standInReleases } from '../../lab/stand-ins/base-images.ts';
import { labCluster } from './lab-cluster.ts';
import { LIFE_HOSTS, lifeOfACluster } from './life-of-a-cluster.ts';

test(`k0s: the life of a cluster (${realProgram('k0s') ?? 'a stand-in'})`, {
  skip: unlessLong(needsStandIns()),
}, async (t) => {
  const fill = (path: string) => copyOfStandInImages('k0s', path);
  await using on = await labCluster({ count: LIFE_HOSTS, prefix: 'k0s', standIns: true }, fill);
  const releases = standInReleases('k0s');
  await lifeOfACluster(t, on, {
    ...releases,
    port: SHOP_PORT,
    // A part of k0s's own version is left out by its kubelets.
    kubelets: releases.versions[1].replace(/\.\d+$/, ''),
  });
});
