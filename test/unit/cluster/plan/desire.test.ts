import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingsOf } from '../../../../src/cluster/plan/desire.ts';

const of = (k3s: object) => settingsOf({ kubeadm: {}, k3s: { server: { ...k3s }, agent: {} }, k0s: undefined });

test('names in certificates are no settings of the cluster; everything else is', () => {
  assert.equal(of({ 'tls-san': ['a.example.com'] }), of({ 'tls-san': ['b.example.com'] }));
  assert.equal(of({ 'tls-san': ['a.example.com'] }), of({}));
  assert.notEqual(of({ 'disable-cloud-controller': true }), of({}));
  assert.equal(
    settingsOf({
      kubeadm: { ClusterConfiguration: { apiServer: { certSANs: ['a'] } } },
      k3s: undefined,
      k0s: undefined,
    }),
    settingsOf({ kubeadm: { ClusterConfiguration: { apiServer: {} } }, k3s: undefined, k0s: undefined }),
  );
});
