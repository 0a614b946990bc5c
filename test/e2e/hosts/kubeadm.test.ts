import { test } from 'node:test';
import { copyOfBaseImages, LAB_IMAGES, needsBaseImages, SHOP_PORT } from '../../lab/hosts/index.ts';
import { labCluster } from './lab-cluster.ts';
import { LIFE_HOSTS, lifeOfACluster } from './life-of-a-cluster.ts';

test('kubeadm: the life of a cluster', { skip: needsBaseImages() }, async (t) => {
  await using on = await labCluster({ count: LIFE_HOSTS, prefix: 'kubeadm' }, copyOfBaseImages);
  await lifeOfACluster(t, on, {
    from: LAB_IMAGES['v1.20.2'].shop,
    to: LAB_IMAGES['v1.20.3'].shop,
    versions: ['v1.20.2', 'v1.20.3'],
    port: SHOP_PORT,
  });
});
