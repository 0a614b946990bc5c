import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { judge } from '../../../../src/cluster/preflight/judge/judge.ts';
import { clusterfileFromFlags, type PluginSpec } from '../../../../src/clusterfile/index.ts';
import { type Change, host, type WantedChange, wanted } from './fleet.ts';

const MASTER = { role: 'master', isRegistry: true } as const;

/** What is said about hosts: severity and message. */
function said(changes: readonly Change[], want: WantedChange = {}): string[] {
  const hosts = changes.map((change, i) => host(i + 1, change));
  return judge(hosts, wanted(want)).map(({ severity = 'error', message }) => `${severity}: ${message}`);
}

function clusterfile(kubeadm: Readonly<Record<string, Readonly<Record<string, unknown>>>>) {
  return { ...clusterfileFromFlags({ image: 'shop:v1', masters: '10.0.0.1' }), kubeadm };
}

describe('good hosts', () => {
  for (const runtime of ['kubeadm', 'k3s', 'k0s'] as const) {
    it(`pass without a word for ${runtime}`, () => {
      assert.deepEqual(said([MASTER, {}, {}], { runtime }), []);
    });
  }

  it('are judged by the thousand in less than two seconds of CPU time', () => {
    const hosts = Array.from({ length: 3000 }, (_, i) => host(i + 1, i < 3 ? MASTER : {}));
    const started = process.cpuUsage();
    assert.deepEqual(judge(hosts, wanted({ imageEnv: { PodCIDR: '100.64.0.0/10' } })), []);
    const { user, system } = process.cpuUsage(started);
    // A tenth of this on a machine of 2026.
    assert.ok(user + system < 2_000_000, `took ${user + system} µs`);
  });
});

/** What it is; the change; what is said, and nothing else. `#` is the host's address. */
const CASES: readonly [string, Change, readonly string[], WantedChange?][] = [
  ['another architecture', { facts: { arch: 'arm64' } }, ['error: # is arm64, and shop:v1 is for amd64']],
  ['another system', { instead: { 'system=Linux': 'system=FreeBSD' } }, ['error: # runs FreeBSD, not Linux']],
  ['no init system', { facts: { init: 'unknown' } }, ['error: # has neither systemd nor OpenRC as its init system']],
  [
    'a kernel too old',
    { facts: { kernel: '3.10.0-1160.el7.x86_64' } },
    ['error: # has Linux 3.10.0-1160.el7.x86_64, and 4.19 is the oldest that will do'],
  ],
  [
    'the kernel of RHEL 8',
    { facts: { kernel: '4.18.0-513.el8.x86_64' } },
    ['warning: # has Linux 4.18.0-513.el8.x86_64, and 4.19 is the oldest that will do'],
  ],
  [
    'a node that is small',
    { facts: { cpus: 1, memory: 512 * 2 ** 20 } },
    ['warning: # has 512 MiB of memory, and a node of kubeadm wants 1.0 GiB'],
  ],
  ['a master with one CPU', { ...MASTER, facts: { cpus: 1 } }, ['error: # has 1 CPU, and a master of kubeadm wants 2']],
  [
    'a master with one CPU, and that is not to count',
    { ...MASTER, facts: { cpus: 1 } },
    ['warning: # has 1 CPU, and a master of kubeadm wants 2'],
    { imageEnv: { KubeadmIgnorePreflightErrors: 'NumCPU,Mem' } },
  ],
  [
    'a k3s server with one CPU',
    { ...MASTER, facts: { cpus: 1 } },
    ['warning: # has 1 CPU, and a master of k3s wants 2'],
    { runtime: 'k3s' },
  ],
  ['no cgroup for memory', { instead: { 'controller=memory': '' } }, ['error: # has no cgroup controller for memory']],
  [
    'cgroup v1 with a kubelet that refuses it',
    { facts: { cgroupVersion: 1 } },
    ['error: # has cgroup v1, which the kubelet of Kubernetes v1.35.1 refuses'],
    { kubeVersion: 'v1.35.1' },
  ],
  [
    'cgroup v1 with a kubelet that is told to take it',
    { facts: { cgroupVersion: 1 } },
    [],
    { kubeVersion: 'v1.35.1', clusterfile: clusterfile({ KubeletConfiguration: { failCgroupV1: false } }) },
  ],
  ['cgroup v1 with an older kubelet', { facts: { cgroupVersion: 1 } }, [], { kubeVersion: 'v1.34.9' }],
  ['no module', { instead: { 'module=br_netfilter': '' } }, ['error: # has no kernel module br_netfilter']],
  [
    'no module, and no list of modules',
    { instead: { 'module=br_netfilter': '', 'modules=known': '' } },
    ['warning: # has no kernel module br_netfilter that could be found'],
  ],
  ['no forwarding', { instead: { 'forwarding=yes': '' } }, ['error: # does not let IP forwarding be switched on']],
  [
    'too little disk',
    { instead: { '157300144': '900000' } },
    ['error: # has 879 MiB free on / (/var/lib/sealer, /var/lib/containerd), and 1.2 GiB are needed'],
  ],
  [
    'data on NFS',
    { instead: { '/dev/vda1 / ext4': 'nas:/x / nfs4' } },
    ['error: # has /var/lib/sealer, /var/lib/containerd on nfs4 (/)'],
  ],
  [
    'data that cannot be run',
    { instead: { 'rw,relatime,discard': 'rw,noexec' } },
    ['error: # has /var/lib/sealer, /var/lib/containerd mounted noexec (/)'],
  ],
  [
    'a name that no node can have',
    { facts: { hostname: 'web_1' } },
    ['error: # is called "web_1", which no node can be called (RFC 1123)'],
  ],
  [
    'the name of every machine',
    { facts: { hostname: 'localhost.localdomain' } },
    ['error: # is called localhost.localdomain, which every machine is'],
  ],
  [
    'a port that somebody listens at',
    { tells: ['port=280A 77', 'socket=77 4711 nginx', 'port=192B 78'] },
    [
      'error: # has port 10250, which the kubelet needs, in use by nginx (process 4711)',
      'error: # has port 6443, which the balancer of API servers needs, in use by somebody',
    ],
  ],
  ['the registry port where no registry will be', { tells: ['port=1388 77'] }, []],
  [
    'the registry port where it will be',
    { ...MASTER, tells: ['port=1388 77', 'socket=77 9 docker-registry'] },
    ["error: # has port 5000, which the cluster's registry needs, in use by docker-registry (process 9)"],
  ],
  [
    'leftovers of kubeadm',
    { tells: ['leftover=/etc/kubernetes/manifests', 'leftover=/var/lib/etcd'] },
    ['error: # has leftovers of a cluster made by kubeadm (/etc/kubernetes/manifests, /var/lib/etcd)'],
  ],
  [
    'leftovers of another runtime',
    { tells: ['leftover=/var/lib/k0s/pki'] },
    ['warning: # has leftovers of a cluster made by k0s (/var/lib/k0s/pki)'],
  ],
  [
    'another runtime that runs',
    { tells: ['leftover=/var/lib/rancher/k3s/server', 'process=12 k3s-server'] },
    ['error: # runs k3s of another cluster (/var/lib/rancher/k3s/server)'],
  ],
  [
    'another cluster of ours',
    { tells: ['cluster=blog', 'leftover=/etc/kubernetes/manifests'] },
    ['error: # belongs to the cluster blog'],
  ],
  [
    'an earlier run that broke off',
    {
      tells: [
        'ours=yes',
        'leftover=/etc/kubernetes/manifests',
        'unit=/etc/systemd/system/containerd.service',
        'port=280A 77',
        'socket=77 5 kubelet',
      ],
    },
    [],
  ],
  [
    'docker of the distribution',
    {
      tells: [
        'unit=/lib/systemd/system/docker.service',
        'unit=/usr/lib/systemd/system/docker.service',
        'process=5 dockerd',
      ],
    },
    ['error: # has a container runtime or kubelet of its own (/usr/lib/systemd/system/docker.service)'],
  ],
  [
    'docker beside k3s',
    { tells: ['unit=/lib/systemd/system/docker.service', 'process=5 dockerd'] },
    ['warning: # runs dockerd already'],
    { runtime: 'k3s' },
  ],
  [
    'missing programs',
    { instead: { 'tool=tar': '', 'tool=sha256sum': '', 'tool=iptables': '' } },
    ['error: # has no tar, sha256sum or shasum or openssl, iptables or nft'],
  ],
  ['neither curl nor wget', { instead: { 'tool=curl': '' } }, ['notice: # has neither curl nor wget']],
  [
    'swap',
    { tells: ['swap=2097148 /dev/sda2'] },
    ['error: # has 2.0 GiB of swap (/dev/sda2), with which the kubelet does not start'],
  ],
  [
    'swap that the image allows',
    { tells: ['swap=2097148 /dev/sda2'] },
    ['warning: # has 2.0 GiB of swap (/dev/sda2), and the kubelet is told to live with it'],
    { imageConfig: { kind: 'KubeletConfiguration', failSwapOn: false } },
  ],
  [
    'swap with k3s',
    { tells: ['swap=2097148 /dev/sda2'] },
    ['notice: # has 2.0 GiB of swap (/dev/sda2)'],
    { runtime: 'k3s' },
  ],
  ['swap of the machine around a container', { tells: ['swap=2097148 /dev/sda2', 'container=yes'] }, []],
  [
    'firewalls, SELinux and a proxy',
    { tells: ['firewall=ufw', 'process=3 firewalld', 'selinux=enforcing', 'proxy=http_proxy'] },
    [
      'warning: # has a firewall on (firewalld, ufw)',
      'warning: # has SELinux enforcing',
      'warning: # has a proxy in /etc/environment (http_proxy)',
    ],
  ],
  [
    "systemd-resolved's stub with k3s",
    { instead: { 'nameserver=10.0.0.1': 'nameserver=127.0.0.53' } },
    ['warning: # has only itself as a name server (127.0.0.53): in pods that leads nowhere'],
    { runtime: 'k3s' },
  ],
  ["systemd-resolved's stub with kubeadm", { instead: { 'nameserver=10.0.0.1': 'nameserver=127.0.0.53' } }, []],
  [
    'few inotify instances',
    { instead: { 'inotify=8192': 'inotify=64' } },
    ['warning: # allows 64 inotify instances and 1048576 watches, which is soon used up'],
  ],
  [
    'a private /',
    { instead: { 'propagation=shared': '' } },
    ['warning: # has / mounted privately: volumes that pods mount are not seen by others'],
  ],
  [
    'an address that is not its own',
    { facts: { addresses: ['192.168.1.5'] } },
    ['warning: # has no network card with its address (it has 192.168.1.5)'],
  ],
  ['no default route', { instead: { 'route=00000000 00000000 eth0': '' } }, ['warning: # has no default route']],
  [
    'a route into the network of pods',
    { tells: ['route=00004064 0000C0FF wg0'] },
    ['warning: # has routes into the network of pods (100.64.0.0/10): 100.64.0.0/10 by wg0'],
  ],
  [
    'an address in the network of pods',
    {},
    ['error: # has an address that lies in the network of pods (10.0.0.0/14)'],
    { imageEnv: { PodCIDR: '10.0.0.0/14' } },
  ],
];

describe('a host with', () => {
  for (const [name, change, expected, want] of CASES) {
    it(`${name}: ${expected.length === 0 ? 'nothing is said' : 'is told'}`, () => {
      assert.deepEqual(
        said([change], want),
        expected.map((line) => line.replace('#', '10.0.0.1')),
      );
    });
  }

  it('any fault: every finding says what to do', () => {
    for (const [name, change, , want] of CASES) {
      for (const { hint } of judge([host(1, change)], wanted(want)))
        assert.ok(hint !== undefined && hint.length > 10, name);
    }
  });
});

describe('hosts against each other', () => {
  it('a clock more than 30 s from the median is an error that names skew and host', () => {
    const changes = [0, -61_000, 29_000].map((clockSkewMs) => ({ facts: { clockSkewMs } }));
    assert.deepEqual(said(changes), ['error: 10.0.0.2 has a clock that is 61 s behind most of the hosts']);
  });

  it('clocks that agree with each other and not with this machine are a warning', () => {
    const facts = { clockSkewMs: 3 * 3_600_000 };
    assert.deepEqual(said([{ facts }, { facts }]), [
      'warning: 10.0.0.1 has a clock that is 3 h ahead of this machine, and most hosts agree with it',
    ]);
  });

  it('names that differ in case alone are the same', () => {
    assert.deepEqual(said([{ facts: { hostname: 'Web' } }, { facts: { hostname: 'web' } }, {}]), [
      'error: 10.0.0.1 is called web, and so is 10.0.0.2',
      'error: 10.0.0.2 is called web, and so is 10.0.0.1',
    ]);
  });

  it('a new host with the name of a member is told, the member is not', () => {
    const facts = { hostname: 'web' };
    assert.deepEqual(said([{ facts, isMember: true }, { facts }]), [
      'error: 10.0.0.2 is called web, and so is 10.0.0.1',
    ]);
  });

  it('names that the plugin HOSTNAME will give are those that count', () => {
    const plugin: PluginSpec = {
      name: 'names',
      type: 'HOSTNAME',
      phases: ['pre-init-host'],
      on: [],
      data: '10.0.0.1 one\n10.0.0.2 two\n',
      env: {},
      timeoutMs: 1000,
      at: { file: 'Clusterfile', line: 1 },
    };
    const same = { facts: { hostname: 'localhost' } };
    assert.deepEqual(said([same, same], { clusterfile: { plugins: [plugin] } }), []);
  });

  it('clones are told by machine-id, product_uuid and MAC address', () => {
    const twin: Change = {
      facts: { machineId: 'same' },
      tells: ['product=4c4c4544-0000-1000-8000-0000000000ff', 'mac=52:54:00:ff:ff:ff'],
    };
    const lines = said([twin, twin]).filter((line) => line.includes(' 10.0.0.1 has'));
    assert.deepEqual(lines, [
      'warning: 10.0.0.1 has the same machine-id as 10.0.0.2',
      'warning: 10.0.0.1 has the same product_uuid as 10.0.0.2',
      'warning: 10.0.0.1 has the MAC address 52:54:00:ff:ff:ff, and so has 10.0.0.2',
    ]);
    assert.match(
      said([twin, twin], { runtime: 'k0s', kubeVersion: 'v1.29.1+k0s.0' }).join(),
      /error: 10.0.0.1 has the same machine-id/,
    );
  });

  it('one machine under two addresses is an error', () => {
    const facts = { hostname: 'web', machineId: 'one', addresses: ['10.0.0.1', '10.0.0.2'] };
    assert.match(said([{ facts }, { facts }]).join('\n'), /error: 10\.0\.0\.2 is the same machine as 10\.0\.0\.1/);
  });

  it('networks of pods and services that overlap are an error', () => {
    const imageEnv = { PodCIDR: '10.96.0.0/11', SvcCIDR: '10.100.0.0/16' };
    assert.deepEqual(said([{}], { imageEnv }), [
      'error: The network of pods (10.96.0.0/11) and that of services (10.100.0.0/16) overlap',
    ]);
  });

  it('a network of pods with no room for all hosts is a warning', () => {
    assert.match(said([{}, {}, {}], { imageEnv: { PodCIDR: '172.20.0.0/23' } }).join(), /room for 2 of the 3 hosts/);
  });
});

describe('members', () => {
  it('are asked only for what a change needs', () => {
    const old: Change = {
      isMember: true,
      tells: [
        'port=280A 7',
        'leftover=/etc/kubernetes/manifests',
        'swap=1 /dev/sda',
        'unit=/etc/systemd/system/kubelet.service',
      ],
      facts: { cpus: 1, memory: 1, hostname: 'UPPER_1', addresses: [] },
      instead: { 'tool=curl': '', 'route=00000000 00000000 eth0': '' },
    };
    assert.deepEqual(said([old, { isMember: true }]), []);
  });

  it('need room for an image that is not there, and none for one that is', () => {
    const full: Change = { isMember: true, instead: { '157300144': '90000' } };
    assert.match(
      said([full]).join(),
      /error: 10\.0\.0\.1 has 88 MiB free on \/ \(\/var\/lib\/sealer\), and 763 MiB are needed/,
    );
    assert.deepEqual(said([{ ...full, tells: ['rootfs=yes'] }]), []);
  });
});
