import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HostSpec } from '../../../../src/clusterfile/desired.ts';
import { mapOf } from '../../../../src/kubernetes/fields.ts';
import { controllerConfig } from '../../../../src/runtime/k0s/config.ts';
import { containerdFiles, staleSettings } from '../../../../src/runtime/k0s/containerd-files.ts';
import { readMembers } from '../../../../src/runtime/k0s/etcd-members.ts';
import { installController, installWorker } from '../../../../src/runtime/k0s/install-arguments.ts';
import { readObservation } from '../../../../src/runtime/k0s/observe.ts';
import { keepsTaint } from '../../../../src/runtime/nodes/index.ts';

const base = { version: 'v1.33.4+k0s.0', env: {}, masters: ['10.0.0.2', '10.0.0.3'], sans: [] };
const specOf = (config: object) => mapOf(mapOf(config).spec);

test('a config has its own addresses, and everything else as all others', () => {
  const [first, second] = base.masters.map((address) => controllerConfig(base, address));
  assert.deepEqual(first, {
    apiVersion: 'k0s.k0sproject.io/v1beta1',
    kind: 'ClusterConfig',
    metadata: { name: 'k0s' },
    spec: {
      api: { address: '10.0.0.2', sans: ['10.0.0.2', '10.0.0.3'] },
      storage: { type: 'etcd', etcd: { peerAddress: '10.0.0.2' } },
      network: { nodeLocalLoadBalancing: { enabled: true, type: 'EnvoyProxy' } },
      images: { default_pull_policy: 'IfNotPresent' },
      telemetry: { enabled: false },
    },
  });
  assert.equal(JSON.stringify(second), JSON.stringify(first).replace(/(ddress":")10\.0\.0\.2/g, '$110.0.0.3'));
});

test("the Clusterfile's config goes over the environment, that over the image's; SANs of all are united", () => {
  const config = controllerConfig(
    {
      ...base,
      env: { PodCIDR: '10.1.0.0/16', SvcCIDR: '10.2.0.0/16', CertSANs: 'env.example.com' },
      image: {
        spec: {
          api: { sans: ['image.example.com'], port: 7443 },
          network: { podCIDR: '10.9.0.0/16', provider: 'custom' },
        },
      },
      cluster: {
        spec: { api: { address: '1.2.3.4', sans: ['own.example.com'] }, network: { serviceCIDR: '10.3.0.0/16' } },
      },
      sans: ['kept.example.com'],
    },
    '10.0.0.3',
  );
  const { api, network } = specOf(config);
  assert.deepEqual(api, {
    port: 7443,
    address: '10.0.0.3',
    sans: ['10.0.0.2', '10.0.0.3', 'env.example.com', 'image.example.com', 'kept.example.com', 'own.example.com'],
  });
  assert.deepEqual(network, {
    nodeLocalLoadBalancing: { enabled: true, type: 'EnvoyProxy' },
    podCIDR: '10.1.0.0/16',
    provider: 'custom',
    serviceCIDR: '10.3.0.0/16',
  });
});

test('two ranges make a dual stack, in whichever order they stand', () => {
  const env = { PodCIDR: 'fd00:1::/48,10.1.0.0/16', SvcCIDR: '10.2.0.0/16,fd00:2::/112' };
  assert.deepEqual(mapOf(specOf(controllerConfig({ ...base, env }, '10.0.0.2')).network).dualStack, {
    enabled: true,
    IPv6podCIDR: 'fd00:1::/48',
    IPv6serviceCIDR: 'fd00:2::/112',
  });
});

test('no node-local balancer with an address in front of all masters, nor with a k0s that has none', () => {
  const cluster = { spec: { api: { externalAddress: 'lb.example.com' } } };
  const external = specOf(controllerConfig({ ...base, cluster }, '10.0.0.2'));
  assert.deepEqual(external.network, {});
  assert.deepEqual(mapOf(external.api).sans, ['10.0.0.2', '10.0.0.3', 'lb.example.com']);
  assert.deepEqual(specOf(controllerConfig({ ...base, version: 'v1.25.9+k0s.0' }, '10.0.0.2')).network, {});
});

test('a storage that is not its own etcd is left alone', () => {
  for (const storage of [
    { type: 'kine', kine: { dataSource: 'x' } },
    { type: 'etcd', etcd: { externalCluster: {} } },
  ]) {
    assert.deepEqual(
      specOf(controllerConfig({ ...base, cluster: { spec: { storage } } }, '10.0.0.2')).storage,
      storage,
    );
  }
});

test("containerd's settings are of the version that the release of k0s reads, in the file that it reads", () => {
  const registry = { endpoints: [{ scheme: 'https', authority: 'r:5000' }], mirrored: ['docker.io'] } as const;
  const settings = (version: string) => containerdFiles(version, registry)[0];
  assert.match(
    String(settings('v1.36.3+k0s.2')?.content),
    /^version = 3\n\[plugins\."io\.containerd\.cri\.v1\.images"/m,
  );
  assert.match(String(settings('v1.35.9+k0s.0')?.content), /^version = 2\n\[plugins\."io\.containerd\.grpc\.v1\.cri"/m);
  assert.equal(settings('v1.27.1+k0s.0')?.path, '/etc/k0s/containerd.d/sealer.toml');
  assert.equal(settings('v1.26.9+k0s.0')?.path, '/etc/k0s/containerd.toml');
  assert.doesNotMatch(String(settings('v1.26.9+k0s.0')?.content), /k0s_managed/);
  assert.equal(staleSettings('v1.27.1+k0s.0'), '/etc/k0s/containerd.toml');
  assert.deepEqual(
    containerdFiles('v1.36.3+k0s.2', registry).map(({ path }) => path),
    [
      '/etc/k0s/containerd.d/sealer.toml',
      '/etc/k0s/containerd.d/certs.d/docker.io/hosts.toml',
      '/etc/k0s/containerd.d/certs.d/_default/hosts.toml',
    ],
  );
});

test('services are installed with no token in their arguments', () => {
  const question = { address: '10.0.0.3', home: '/h', joins: true };
  assert.deepEqual(installController({ ...question, joins: false }, false).slice(1), [
    'install',
    'controller',
    '--config',
    '/etc/k0s/k0s.yaml',
    '--enable-worker',
    '--no-taints',
    '--kubelet-extra-args=--node-ip=10.0.0.3',
  ]);
  assert.ok(!installController(question, true).includes('--no-taints'));
  assert.deepEqual(installWorker({ ...question, address: 'node.example.com' }).slice(1), [
    'install',
    'worker',
    '--token-file',
    '/h/k0s/join-token',
  ]);
});

test('masters are tainted where there are nodes, unless they are nodes by their roles, or the taint is taken off', () => {
  const host = (address: string, roles: string[], taints: HostSpec['taints'] = []): HostSpec => ({
    address,
    roles,
    taints,
    ssh: { user: 'root', port: 22 },
    env: {},
    labels: {},
  });
  const off = { key: 'node-role.kubernetes.io/control-plane', value: '', effect: '', isRemoval: true } as const;
  const hosts = [
    host('a', ['master']),
    host('b', ['master', 'node']),
    host('c', ['master'], [off]),
    host('d', ['node']),
  ];
  assert.deepEqual(
    ['a', 'b', 'c'].map((address) => keepsTaint(address, hosts)),
    [true, false, false],
  );
  assert.equal(keepsTaint('a', [host('a', ['master'])]), false);
});

test('what lies and runs on a host is read as it is', () => {
  const status = '{\n   "Version": "v1.33.4+k0s.0",\n   "Role": "controller"\n}\n';
  assert.deepEqual(readObservation(`service=k0scontroller\ndata=yes\nversion=v1.33.5+k0s.0\nstatus=\n${status}`), {
    member: 'master',
    version: 'v1.33.4+k0s.0',
    service: 'k0scontroller',
    isRunning: true,
    runningVersion: 'v1.33.4+k0s.0',
  });
  assert.equal(readObservation('').member, 'absent');
  assert.equal(readObservation('version=v1.33.4+k0s.0\nstatus=\n', 'Error: no socket').member, 'absent');
  assert.match(readObservation('data=yes\n').reason ?? '', /data of k0s/);
  assert.match(readObservation('service=k0sworker\nversion=v1\nstatus=\n', 'a\nno socket').reason ?? '', /no socket$/);
});

test("etcd's members are found in what k0s prints, log lines or not", () => {
  const json = '{"members":{"a":"https://10.0.0.2:2380","b":"https://[fd00::3]:2380"}}';
  const members = [
    { name: 'a', address: '10.0.0.2' },
    { name: 'b', address: 'fd00::3' },
  ];
  assert.deepEqual(readMembers(json, 'x'), members);
  assert.deepEqual(readMembers(`time="now" level=info\n${json}\n`, 'x'), members);
  assert.throws(() => readMembers('Error: no', 'x'), { code: 'CLUSTER_API_ERROR' });
});
