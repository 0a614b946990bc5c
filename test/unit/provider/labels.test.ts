import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostName, networkName } from '../../../src/provider/container/labels.ts';

test('hosts are named after cluster, role and number', () => {
  assert.equal(hostName('shop', 'master', 1), 'shop-master-1');
  assert.equal(networkName('shop'), 'sealer-shop');
});

test('names are host names however the cluster is named, and those of different clusters differ', () => {
  const long = 'a'.repeat(80);
  for (const cluster of [long, 'My_Cluster', 'x.y'])
    assert.match(hostName(cluster, 'master', 999), /^[a-z0-9-]{1,63}$/);
  assert.notEqual(hostName(long, 'node', 1), hostName(`${long}b`, 'node', 1));
  assert.notEqual(hostName('My', 'node', 1), hostName('my', 'node', 1));
});
