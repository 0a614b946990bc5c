import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kubeadmTaintsOff, settingsOf } from '../../../../src/cluster/plan/desire.ts';
import { clusterfileFromFlags } from '../../../../src/clusterfile/index.ts';

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

test('masters of a cluster without nodes take pods, unless kubeadm is told otherwise', () => {
  const of = (nodes: string, taints?: object) => {
    const { cluster } = clusterfileFromFlags({ image: 'shop:v1', masters: '10.0.0.2', nodes });
    const [master] = cluster.hosts;
    assert.ok(master !== undefined);
    const kubeadm = taints === undefined ? {} : { InitConfiguration: { nodeRegistration: { taints } } };
    return kubeadmTaintsOff(master, { cluster, kubeadm });
  };
  assert.deepEqual(of(''), ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master']);
  assert.deepEqual(of('10.0.0.3'), []);
  assert.deepEqual(of('', [{ key: 'node-role.kubernetes.io/master', effect: 'NoSchedule' }]), []);
});
