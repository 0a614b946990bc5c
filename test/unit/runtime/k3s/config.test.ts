import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HostSpec } from '../../../../src/clusterfile/desired.ts';
import { agentConfig, type ConfigSources, renderConfig, serverConfig } from '../../../../src/runtime/k3s/config.ts';
import { ownFiles } from '../../../../src/runtime/k3s/paths.ts';
import { registriesYaml } from '../../../../src/runtime/k3s/registries.ts';
import { hasDefaultEndpointFlag, versionIn } from '../../../../src/runtime/k3s/versions.ts';

const HOST: HostSpec = {
  address: '10.0.0.2',
  roles: ['master'],
  ssh: { user: 'root', port: 22 },
  env: {},
  labels: { color: 'blue', 'node-role.kubernetes.io/gold': '', 'node.kubernetes.io/rack': '7', 'example.com/x': 'y' },
  taints: [
    { key: 'dedicated', value: 'db', effect: 'NoSchedule', isRemoval: false },
    { key: 'old', value: '', effect: 'NoSchedule', isRemoval: true },
  ],
};

function sources(change: Partial<ConfigSources> = {}, image: Partial<ConfigSources['image']> = {}): ConfigSources {
  return {
    image: {
      name: 'shop:v1',
      digest: 'sha256:abc',
      kubeVersion: 'v1.33.4+k3s1',
      rootfs: '/var/lib/sealer/shop/rootfs/abc',
      images: ['docker.io/rancher/mirrored-pause:3.6', 'docker.io/library/nginx:1'],
      env: {},
      ...image,
    },
    imageConfig: {},
    desired: { server: {}, agent: {} },
    dataDir: '/var/lib/rancher/k3s',
    files: ownFiles('/var/lib/sealer/shop'),
    host: HOST,
    address: HOST.address,
    ...change,
  };
}

describe('config of a k3s server', () => {
  it('makes the cluster with a built-in etcd and keeps secrets in files', () => {
    assert.equal(
      renderConfig(serverConfig(sources(), { sans: ['api.example.com'] })),
      `# Written by sealer.
agent-token-file: "/var/lib/sealer/shop/k3s/agent-token"
cluster-init: true
disable-default-registry-endpoint: true
node-ip: "10.0.0.2"
node-label: ["color=blue","node.kubernetes.io/rack=7","example.com/x=y"]
node-taint: ["dedicated=db:NoSchedule"]
pause-image: "docker.io/rancher/mirrored-pause:3.6"
tls-san: ["api.example.com"]
token-file: "/var/lib/sealer/shop/k3s/token"
write-kubeconfig-mode: "0600"
`,
    );
  });

  it('prefers the Clusterfile to the environment, and that to the image', () => {
    const config = serverConfig(
      sources(
        {
          imageConfig: {
            'cluster-cidr': '10.1.0.0/16',
            'service-cidr': '10.2.0.0/16',
            'flannel-backend': 'host-gw',
            'data-dir': '/x',
          },
          desired: { server: { 'service-cidr': '10.4.0.0/16', 'tls-san': 'one' }, agent: {} },
        },
        { env: { PodCIDR: '10.3.0.0/16', SvcCIDR: '10.3.1.0/24', CertSANs: 'two, three' } },
      ),
      { sans: ['one', 'four'] },
    );
    assert.equal(config['cluster-cidr'], '10.3.0.0/16');
    assert.equal(config['service-cidr'], '10.4.0.0/16');
    assert.equal(config['flannel-backend'], 'host-gw');
    assert.equal(config['data-dir'], undefined);
    assert.deepEqual(config['tls-san'], ['one', 'two', 'three', 'four']);
  });

  it('has what all servers have alike from the server that it joins, also what that one does not have', () => {
    const config = serverConfig(
      sources({
        desired: {
          server: { 'cluster-cidr': '10.9.0.0/16', 'secrets-encryption': true, snapshotter: 'native' },
          agent: {},
        },
      }),
      { server: 'https://10.0.0.1:6443', critical: { 'cluster-cidr': '10.1.0.0/16', 'node-ip': '10.0.0.1' }, sans: [] },
    );
    assert.equal(config['cluster-cidr'], '10.1.0.0/16');
    assert.equal(config['secrets-encryption'], undefined);
    assert.equal(config.snapshotter, 'native');
    assert.equal(config['node-ip'], '10.0.0.2');
    assert.equal(config.server, 'https://10.0.0.1:6443');
    assert.equal(config['cluster-init'], undefined);
  });

  it('never has a secret of the Clusterfile in it', () => {
    const desired = { server: { token: 'hidden', 'agent-token': 'hidden' }, agent: { token: 'hidden' } };
    const server = renderConfig(serverConfig(sources({ desired }), { sans: [] }));
    const agent = renderConfig(agentConfig(sources({ desired }), 'https://10.0.0.1:6443'));
    assert.equal(/hidden/.test(server + agent), false);
  });
});

describe('config of a k3s agent', () => {
  it('has only keys that agents know', () => {
    const config = agentConfig(
      sources({
        imageConfig: { disable: ['traefik'], 'kubelet-arg': ['max-pods=50'], agent: { 'kube-proxy-arg': ['v=1'] } },
        desired: { server: { 'tls-san': ['x'], snapshotter: 'native' }, agent: { 'kubelet-arg': ['max-pods=60'] } },
      }),
      'https://10.0.0.1:6443',
    );
    assert.deepEqual(Object.keys(config).toSorted(), [
      'disable-default-registry-endpoint',
      'kube-proxy-arg',
      'kubelet-arg',
      'node-ip',
      'node-label',
      'node-taint',
      'pause-image',
      'server',
      'snapshotter',
      'token-file',
    ]);
    assert.deepEqual(config['kubelet-arg'], ['max-pods=60']);
    assert.equal(config['token-file'], '/var/lib/sealer/shop/k3s/agent-token');
  });
});

describe('releases of k3s', () => {
  for (const [version, has] of [
    ['v1.21.2+k3s1', false],
    ['v1.26.12+k3s1', false],
    ['v1.26.13+k3s1', true],
    ['v1.29.0+k3s1', false],
    ['v1.29.1+k3s1', true],
    ['v1.35.5+k3s1', true],
  ] as const) {
    it(`${has ? 'have' : 'lack'} the flag against original registries at ${version}`, () => {
      assert.equal(hasDefaultEndpointFlag(version), has);
    });
  }

  it('tell their version in the first line', () => {
    assert.equal(versionIn('k3s version v1.33.4+k3s1 (148243c4)\ngo version go1.24.5\n'), 'v1.33.4+k3s1');
    assert.equal(versionIn('sh: k3s: not found\n'), undefined);
  });
});

describe('registries.yaml', () => {
  const endpoints = [
    { scheme: 'https', authority: '10.0.0.2:5000' },
    { scheme: 'https', authority: '10.0.0.3:5000' },
  ] as const;
  const read = (text: string): unknown => JSON.parse(text.replace(/^#.*\n/, ''));

  it('leads each registry into its folder of ours, and all the others to ours as they are', () => {
    const text = registriesYaml({
      endpoints,
      caFile: '/ca.crt',
      credentials: { username: 'u', password: 'p"' },
      mirrored: ['docker.io', 'localhost:5000'],
    });
    const endpoint = ['https://10.0.0.2:5000', 'https://10.0.0.3:5000'];
    const config = { auth: { username: 'u', password: 'p"' }, tls: { ca_file: '/ca.crt' } };
    assert.deepEqual(read(text), {
      mirrors: {
        'docker.io': { endpoint, rewrite: { '^(.*)$': 'docker.io/$1' } },
        'localhost:5000': { endpoint, rewrite: { '^(.*)$': 'localhost_5000/$1' } },
        '*': { endpoint },
      },
      configs: { '10.0.0.2:5000': config, '10.0.0.3:5000': config },
    });
  });

  it('has no TLS settings for plain http', () => {
    const text = registriesYaml({
      endpoints: [{ scheme: 'http', authority: '10.0.0.2:5000' }],
      caFile: '/ca.crt',
      mirrored: [],
    });
    assert.deepEqual(read(text), { mirrors: { '*': { endpoint: ['http://10.0.0.2:5000'] } } });
  });
});
