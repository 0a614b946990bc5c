/** What the node is given: files, script, limits. */

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { nodeConfig, registriesConfig } from '../../../src/temp-cluster/node/config-files.ts';
import { parseNameservers } from '../../../src/temp-cluster/node/nameservers.ts';
import { startScript, waitingEntrypoint } from '../../../src/temp-cluster/node/start-script.ts';
import { parseLimits } from '../../../src/temp-cluster/node/ulimits.ts';
import { canDisableDefaultEndpoint, parseKubeVersion, versionOfImage } from '../../../src/temp-cluster/node/version.ts';

const SETTINGS = {
  version: parseKubeVersion('v1.33.4'),
  address: '172.18.0.2',
  registry: { address: '172.18.0.1:40001', username: 'sealer', password: 'p"w' },
  hosts: ['registry.example.com:5000', 'docker.io'],
};

describe('the node', () => {
  test('is told by config.yaml what it is, and to ask no other registry', () => {
    assert.equal(
      nodeConfig(SETTINGS),
      `node-name: sealer
node-ip: 172.18.0.2
tls-san: [172.18.0.2]
write-kubeconfig-mode: "0600"
disable: [traefik, metrics-server, servicelb]
disable-default-registry-endpoint: true
kubelet-arg:
  - fail-swap-on=false
  - image-gc-high-threshold=100
  - eviction-hard=imagefs.available<1%,nodefs.available<1%
kube-proxy-arg:
  - conntrack-max-per-core=0
`,
    );
    assert.doesNotMatch(nodeConfig({ ...SETTINGS, version: parseKubeVersion('v1.28.5') }), /default-registry/);
  });

  test('gets every registry from ours, by registries.yaml', () => {
    assert.equal(
      registriesConfig(SETTINGS),
      `mirrors:
  "docker.io":
    endpoint: ["http://172.18.0.1:40001"]
  "registry.k8s.io":
    endpoint: ["http://172.18.0.1:40001"]
  "k8s.gcr.io":
    endpoint: ["http://172.18.0.1:40001"]
  "gcr.io":
    endpoint: ["http://172.18.0.1:40001"]
  "quay.io":
    endpoint: ["http://172.18.0.1:40001"]
  "ghcr.io":
    endpoint: ["http://172.18.0.1:40001"]
  "mcr.microsoft.com":
    endpoint: ["http://172.18.0.1:40001"]
  "public.ecr.aws":
    endpoint: ["http://172.18.0.1:40001"]
  "registry.gitlab.com":
    endpoint: ["http://172.18.0.1:40001"]
  "docker.elastic.co":
    endpoint: ["http://172.18.0.1:40001"]
  "nvcr.io":
    endpoint: ["http://172.18.0.1:40001"]
  "registry.example.com:5000":
    endpoint: ["http://172.18.0.1:40001"]
  "*":
    endpoint: ["http://172.18.0.1:40001"]
configs:
  "172.18.0.1:40001":
    auth:
      username: "sealer"
      password: "p\\"w"
`,
    );
  });

  test('starts by a script that every shell can read', () => {
    const isolation = { host: '172.18.0.1', port: 40001, unused: '172.18.255.254' };
    for (const script of [
      startScript({ nameservers: [] }),
      startScript({ nameservers: ['203.0.113.53'], isolation }),
    ]) {
      assert.deepEqual(spawnSync('/bin/sh', ['-n'], { input: script, encoding: 'utf8' }).stderr, '');
      assert.match(script, /\nexec "\$@"\n$/);
    }
  });

  test('has routes and name servers of its own only where it is told so', () => {
    const open = startScript({ nameservers: ['192.0.2.1', '192.0.2.2'] });
    assert.match(open, /printf 'nameserver 192\.0\.2\.1\\nnameserver 192\.0\.2\.2\\n' > \/etc\/resolv\.conf/);
    assert.doesNotMatch(open, /iptables|ip route/);
    assert.doesNotMatch(startScript({ nameservers: [] }), /resolv\.conf/);
  });

  test('waits for its files and then becomes what the image runs', () => {
    const [shell, flag, wait, ...rest] = waitingEntrypoint(['/bin/k3s', 'server']);
    assert.deepEqual([shell, flag, rest], ['/bin/sh', '-c', ['sealer', '/bin/k3s', 'server']]);
    assert.deepEqual(spawnSync('/bin/sh', ['-n'], { input: wait, encoding: 'utf8' }).stderr, '');
  });
});

test('limits are asked for as high as this process has them, and no higher', () => {
  const text = `Limit                     Soft Limit           Hard Limit           Units
Max processes             1000                 96365                processes
Max open files            1024                 20000                files
`;
  assert.deepEqual(parseLimits(text, 32768), {
    nofile: { hard: 20000, soft: 20000 },
    nproc: { hard: 32768, soft: 32768 },
  });
  assert.deepEqual(parseLimits(text.replace('96365', 'unlimited').replace('20000', '9999999')), {
    nofile: { hard: 1048576, soft: 1048576 },
  });
  assert.deepEqual(parseLimits(''), {});
});

test('name servers on the loopback interface are none for a pod', () => {
  assert.deepEqual(parseNameservers('nameserver 127.0.0.53\noptions edns0\n'), []);
  assert.deepEqual(parseNameservers('search x\nnameserver 10.0.0.2\n nameserver 10.0.0.3 \nnameserver ::1\n'), [
    '10.0.0.2',
    '10.0.0.3',
  ]);
});

test('versions are read from names of all kinds', () => {
  const patch4 = { major: 1, minor: 33, patch: 4 };
  for (const text of ['v1.33.4', '1.33.4', 'v1.33.4+k3s1', 'v1.33.4-k3s1'])
    assert.deepEqual(parseKubeVersion(text), patch4);
  for (const text of ['1.33', 'v1.33.x']) assert.equal(parseKubeVersion(text)?.patch, undefined);
  for (const text of ['', 'latest', '1', 'v1.33.4.5', '>=1.33']) assert.equal(parseKubeVersion(text), undefined);
  assert.deepEqual(versionOfImage(`docker.io/rancher/k3s:v1.33.4-k3s1@sha256:${'0'.repeat(64)}`), patch4);
  assert.deepEqual(versionOfImage('localhost:5000/k3s:v1.33.4-k3s1'), patch4);
  assert.equal(versionOfImage('localhost:5000/k3s'), undefined);
});

test('the default endpoint is switched off where a release can do it', () => {
  const can = (text: string) => canDisableDefaultEndpoint(parseKubeVersion(text));
  assert.deepEqual(['v1.20.2', 'v1.25.16', 'v1.26.12', 'v1.27.9', 'v1.28.5', 'v1.29.0'].map(can), Array(6).fill(false));
  assert.deepEqual(
    ['v1.26.13', 'v1.27.10', 'v1.28.6', 'v1.29.1', 'v1.30.0', 'v2.0.0', 'none'].map(can),
    Array(7).fill(true),
  );
});
