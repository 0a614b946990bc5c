import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { argumentsAsMap, readArguments } from '../../../../src/runtime/kubeadm/config/arguments.ts';
import { initConfig } from '../../../../src/runtime/kubeadm/config/init-config.ts';
import { joinConfig } from '../../../../src/runtime/kubeadm/config/join-config.ts';
import { mergeDocuments } from '../../../../src/runtime/kubeadm/config/merge.ts';
import { type SettingsInput, settingsOf } from '../../../../src/runtime/kubeadm/config/settings.ts';
import { readDocuments } from '../../../../src/runtime/kubeadm/config/yaml.ts';

const SECRETS = { token: 'abcdef.0123456789abcdef', certificateKey: 'c0ffee' };
const HOST = { address: '10.0.0.2', nodeName: undefined };

/** With flags in both forms, a time limit, and names of its own. */
const IMAGE_CONFIG = `
apiVersion: kubeadm.k8s.io/v1beta2
kind: ClusterConfiguration
imageRepository: sea.hub:5000/k8s
dns: { type: CoreDNS }
apiServer:
  timeoutForControlPlane: 5m0s
  certSANs: [sealer.cluster.local]
  extraArgs: { audit-log-path: /var/log/audit.log, profiling: "false" }
networking: { podSubnet: 10.244.0.0/16 }
---
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
maxPods: 200
`;

function settings(kubeVersion: string, change: Partial<SettingsInput> = {}) {
  const repository = kubeVersion < 'v1.25' ? 'k8s.gcr.io' : 'registry.k8s.io';
  const dns = kubeVersion < 'v1.21' ? `${repository}/coredns:1.7.0` : `${repository}/coredns/coredns:v1.11.1`;
  return settingsOf({
    cluster: {
      kubeadm: {
        ClusterConfiguration: {
          apiVersion: 'kubeadm.k8s.io/v1beta4',
          apiServer: {
            certSANs: ['api.example.com'],
            extraArgs: [
              { name: 'profiling', value: 'true' },
              { name: 'service-account-issuer', value: 'https://a' },
            ],
          },
        },
        InitConfiguration: { nodeRegistration: { kubeletExtraArgs: { v: '4' } } },
      },
    },
    image: {
      kubeVersion,
      images: [
        `${repository}/kube-apiserver:${kubeVersion}`,
        `${repository}/etcd:3.5.1-0`,
        dns,
        `${repository}/pause:3.9`,
      ],
      env: { CertSANs: '10.9.9.9, lb.example.com', SvcCIDR: '10.55.0.0/16' },
    },
    imageConfig: IMAGE_CONFIG,
    masters: ['10.0.0.2', '10.0.0.3'],
    ground: { isContainer: false, init: 'systemd', cgroupVersion: 2 },
    ...change,
  });
}

for (const version of ['v1.20.2', 'v1.24.17', 'v1.30.4', 'v1.31.0', 'v1.36.4']) {
  test(`what kubeadm ${version} is given`, () => {
    const file = join(import.meta.dirname, 'golden', `${version}.yaml`);
    const made = settings(version);
    const join_ = joinConfig(made, version, HOST, { ...SECRETS, caHash: 'sha256:abc' });
    assert.equal(`${initConfig(made, version, HOST, SECRETS)}---\n${join_}`, readFileSync(file, 'utf8'));
  });
}

test('the Clusterfile is over the environment, which is over the image, which is over our own', () => {
  const { cluster, kubelet, proxy } = settings('v1.30.4');
  assert.deepEqual(cluster.networking, {
    podSubnet: '10.244.0.0/16',
    serviceSubnet: '10.55.0.0/16',
    dnsDomain: 'cluster.local',
  });
  assert.equal(proxy.clusterCIDR, '10.244.0.0/16');
  assert.equal(kubelet.maxPods, 200);
  assert.equal(kubelet.cgroupDriver, 'systemd');
});

test('names in the certificate are added up, whoever gives them', () => {
  const { cluster } = settings('v1.30.4');
  assert.deepEqual(mergeDocuments({}, cluster).apiServer, cluster.apiServer);
  const { certSANs } = cluster.apiServer as { certSANs: string[] };
  assert.deepEqual(certSANs, [
    'sealer.cluster.local',
    '10.9.9.9',
    'lb.example.com',
    'api.example.com',
    '127.0.0.1',
    'apiserver.cluster.local',
    '10.0.0.2',
    '10.0.0.3',
  ]);
});

test('images keep the names under which they are bundled, with the versions that are bundled', () => {
  const { cluster, pauseImage } = settings('v1.30.4');
  assert.equal(cluster.imageRepository, 'registry.k8s.io');
  assert.deepEqual(cluster.dns, { imageRepository: 'registry.k8s.io/coredns', imageTag: 'v1.11.1' });
  assert.deepEqual(cluster.etcd, { local: { imageRepository: 'registry.k8s.io', imageTag: '3.5.1-0' } });
  assert.equal(pauseImage, 'registry.k8s.io/pause:3.9');
});

test('a repository of images is taken, but not that of the Go sealer: our registry has them under their own names', () => {
  const asking = (imageRepository: string) =>
    settings('v1.30.4', {
      cluster: { kubeadm: { ClusterConfiguration: { imageRepository } } },
      ownRegistry: 'sea.hub:5000',
    }).cluster.imageRepository;
  assert.equal(asking('mirror.example.com/k8s'), 'mirror.example.com/k8s');
  assert.equal(asking('sea.hub:5000'), 'registry.k8s.io');
});

test('the socket of docker, which Clusterfiles for the Go sealer name, is not asked for anything', () => {
  const text = joinConfig(
    settings('v1.30.4', {
      cluster: { kubeadm: { JoinConfiguration: { nodeRegistration: { criSocket: '/var/run/dockershim.sock' } } } },
    }),
    'v1.30.4',
    { address: '10.0.0.2', nodeName: undefined },
    { token: 'abcdef.0123456789abcdef', caHash: 'sha256:abc' },
  );
  assert.match(text, /criSocket: unix:\/\/\/run\/containerd\/containerd\.sock/);
});

test("a balancer of the user's own is the endpoint, and stays it", () => {
  const kubeadm = { ClusterConfiguration: { controlPlaneEndpoint: 'vip.example.com:8443' } };
  const { endpoint, cluster } = settings('v1.30.4', { cluster: { kubeadm } });
  assert.deepEqual(endpoint, { host: 'vip.example.com', port: 8443, isOurs: false });
  assert.equal(cluster.controlPlaneEndpoint, 'vip.example.com:8443');
});

test('hosts in containers, with cgroup v1, under a kubelet that refuses it', () => {
  const ground = { isContainer: true, init: 'systemd', cgroupVersion: 1 } as const;
  const { kubelet, proxy, ignoredChecks, cgroupDriver } = settings('v1.36.4', { ground });
  assert.equal(kubelet.failCgroupV1, false);
  assert.equal(kubelet.failSwapOn, false);
  assert.equal(cgroupDriver, 'cgroupfs');
  assert.deepEqual(proxy.conntrack, { maxPerCore: 0 });
  assert.ok(ignoredChecks.includes('SystemVerification') && ignoredChecks.includes('Swap'));
});

test('flags go from map to list and back; one that stands twice keeps both values', () => {
  const list = [
    { name: 'a', value: '1' },
    { name: 'b', value: 'x=y' },
  ];
  assert.deepEqual(readArguments(argumentsAsMap(list)), list);
  assert.deepEqual(readArguments(list), list);
  assert.deepEqual(argumentsAsMap([...list, { name: 'a', value: '2' }]), { a: '1,2', b: 'x=y' });
});

test('null takes a key away, a list replaces the one below it, flags are merged by name', () => {
  const base = { a: { b: 1, c: 2 }, list: [1, 2], extraArgs: { x: '1', y: '2' } };
  const over = { a: { b: null, d: 3 }, list: [3], extraArgs: [{ name: 'y', value: '3' }] };
  assert.deepEqual(mergeDocuments(base, over), {
    a: { c: 2, d: 3 },
    list: [3],
    extraArgs: [
      { name: 'x', value: '1' },
      { name: 'y', value: '3' },
    ],
  });
});

test('a kubeadm.yml that is no YAML, or has no kinds, is refused by its name', () => {
  assert.throws(() => readDocuments('a: [', 'etc/kubeadm.yml'), { code: 'IMAGE_UNFIT', message: /etc\/kubeadm\.yml/ });
  assert.throws(() => readDocuments('a: 1', 'etc/kubeadm.yml'), { code: 'IMAGE_UNFIT', message: /without a kind/ });
});
