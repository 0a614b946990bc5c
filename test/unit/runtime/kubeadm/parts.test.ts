import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balancerConfig, balancerManifest } from '../../../../src/runtime/kubeadm/endpoint/balancer.ts';
import { makeToken } from '../../../../src/runtime/kubeadm/members/credentials.ts';
import { parseMembers } from '../../../../src/runtime/kubeadm/members/etcd.ts';
import { containerdConfig } from '../../../../src/runtime/kubeadm/prepare/containerd-config.ts';
import { readToml, writeToml } from '../../../../src/runtime/kubeadm/prepare/toml.ts';

const CONTAINERD = {
  usesSystemdCgroup: true,
  pauseImage: 'registry.k8s.io/pause:3.9',
  isContainer: false,
  extra: undefined,
};

test("containerd 1's configuration is of version 2", () => {
  assert.equal(
    containerdConfig({ ...CONTAINERD, major: 1 }),
    `# Written by sealer.
version = 2

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "registry.k8s.io/pause:3.9"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = true

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/etc/containerd/certs.d"
`,
  );
});

test("containerd 2's is of version 3, with the pause image pinned", () => {
  const text = containerdConfig({ ...CONTAINERD, major: 2 });
  assert.match(text, /^version = 3$/m);
  assert.match(
    text,
    /\[plugins\."io\.containerd\.cri\.v1\.images"\.pinned_images\]\nsandbox = "registry\.k8s\.io\/pause:3\.9"/,
  );
});

test("the image's settings of containerd are laid over ours, setting by setting", () => {
  const extra = `
version = 2 # of the file
[plugins.'io.containerd.grpc.v1.cri']
  restrict_oom_score_adj = true
  "max_concurrent_downloads" = 9
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
  SystemdCgroup = false
[proxy_plugins.stargz]
  address = "/run/a # b.sock"
  capabilities = [
    "one", # the first
    "two",
  ]
`;
  const text = containerdConfig({ ...CONTAINERD, major: 1, extra });
  assert.match(text, /cri"\]\nsandbox_image = .*\nrestrict_oom_score_adj = true\nmax_concurrent_downloads = 9\n/);
  assert.match(text, /SystemdCgroup = false/);
  assert.match(text, /address = "\/run\/a # b\.sock"\ncapabilities = \[ "one", "two", \]/);
  assert.equal(text.match(/SystemdCgroup/g)?.length, 1);
});

test('what we cannot read of a containerd.toml is an error with its line', () => {
  for (const text of ['a', '[[list]]', 'a = """x']) {
    assert.throws(() => readToml(text, 'etc/containerd.toml'), { code: 'IMAGE_UNFIT', message: /line 1/ }, text);
  }
  assert.equal(writeToml(readToml('a = 1\n', 'x')), 'a = 1\n');
});

test('a node asks loopback, and the masters are asked whether they are ready', () => {
  const config = balancerConfig({ masters: ['10.0.0.2', '10.0.0.3'], apiPort: 6443, port: 6443 });
  assert.match(config, /bind 127\.0\.0\.1:6443\n/);
  assert.match(config, /server master-1 10\.0\.0\.2:6443\n {2}server master-2 10\.0\.0\.3:6443\n/);
  assert.match(config, /option httpchk GET \/readyz/);
  assert.match(balancerConfig({ masters: ['fd00::2'], apiPort: 6443, port: 6443 }), /bind \[::1\]:6443/);
});

test('other masters make another static pod, the same masters the same', () => {
  const of = (masters: string[]): string => {
    const config = balancerConfig({ masters, apiPort: 6443, port: 6443 });
    return balancerManifest('haproxy:3', config, '/home');
  };
  assert.equal(of(['10.0.0.2']), of(['10.0.0.2']));
  assert.notEqual(of(['10.0.0.2']), of(['10.0.0.2', '10.0.0.3']));
});

test('IDs of members keep all their digits', () => {
  const members = [
    { ID: '10276657743932975437', name: 'm1', peerURLs: ['https://10.0.0.2:2380'] },
    { ID: '1', peerURLs: ['https://[fd00::3]:2380'], isLearner: true },
  ];
  assert.deepEqual(parseMembers({ members }), [
    { id: '10276657743932975437', name: 'm1', isLearner: false, address: '10.0.0.2' },
    { id: '1', name: '', isLearner: true, address: 'fd00::3' },
  ]);
});

test('a token is one', () => {
  assert.match(makeToken(), /^[a-z0-9]{6}\.[a-z0-9]{16}$/);
});
