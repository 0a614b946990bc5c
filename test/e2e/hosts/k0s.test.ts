import { test } from 'node:test';
import { SHOP_PORT } from '../../lab/hosts/index.ts';
import { unlessLong } from '../../lab/hosts/long.ts';
import { copyOfStandInImages, needsStandIns, realProgram } from '../../lab/stand-ins/base-images.ts';
import { labCluster } from './lab-cluster.ts';
import { LIFE_HOSTS, lifeOfACluster } from './life-of-a-cluster.ts';

test(`k0s: the life of a cluster (${realProgram('k0s') ?? 'a stand-in'})`, {
  skip: unlessLong(needsStandIns()),
}, async (t) => {
  const fill = (path: string) => copyOfStandInImages('k0s', path);
  await using on = await labCluster({ count: LIFE_HOSTS, prefix: 'k0s', standIns: true }, fill);
  await lifeOfACluster(t, on, {
    from: 'lab-k0s-shop:v1.20.2',
    to: 'lab-k0s-shop:v1.20.3',
    versions: ['v1.20.2+k0s.0', 'v1.20.3+k0s.0'],
    // The part of k0s's own version is left out by its kubelets.
    kubelets: 'v1.20.3+k0s',
    port: SHOP_PORT,
  });
});
