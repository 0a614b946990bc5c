import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseClusterfile, parsePlugins } from '../../../src/clusterfile/index.ts';
import { cluster, ENV, fixture, hints, parse, problems } from './reading.ts';

test('a Clusterfile with every kind and field is read', () => {
  const clusterfile = parse(fixture('full'));
  const { cluster: spec, configs, plugins, application, kubeadm, k3s, k0s } = clusterfile;
  assert.equal(spec.name, 'shop');
  assert.equal(spec.hosts.length, 9);
  assert.deepEqual(spec.hosts[2], {
    address: '10.0.0.4',
    roles: ['master', 'node', 'edge'],
    ssh: {
      user: 'admin',
      port: 2222,
      password: ENV.ADMIN_PASSWORD,
      privateKey: '/root/.ssh/id_rsa',
      jump: 'admin@bastion.example.com:2200',
      sudoPassword: ENV.SUDO_PASSWORD,
    },
    env: {},
    labels: {},
    taints: [],
  });
  assert.equal(spec.env.CertSANs, 'shop.example.com,10.0.0.100');
  assert.equal(spec.env.DB_PASSWORD, ENV.DB_PASSWORD);
  assert.equal(spec.registry.kind === 'local' && spec.registry.ha, false);
  assert.equal(configs[0]?.data, 'config:\n  username: root\n  host: ${not-a-variable}\n');
  assert.equal(configs[1]?.data, `password: ${ENV.DB_PASSWORD}\n`);
  assert.deepEqual(plugins[0]?.phases, ['pre-init-host', 'post-init-host']);
  assert.deepEqual(plugins[0]?.on, ['master', 'node']);
  assert.equal(plugins[0]?.timeoutMs, 90_000);
  assert.match(plugins[0]?.data ?? '', /\$\{HOSTNAME:\?\}/);
  assert.equal(application?.configs[0]?.files[1]?.strategy, 'overwrite');
  assert.deepEqual(kubeadm.ClusterConfiguration?.apiServer, { certSANs: ['shop.example.com'] });
  assert.equal(kubeadm.ClusterConfiguration?.apiVersion, 'kubeadm.k8s.io/v1beta2');
  assert.deepEqual(kubeadm.KubeletConfiguration?.maxPods, 200);
  assert.equal(kubeadm.KubeletConfiguration?.serializeImagePulls, false);
  assert.deepEqual(k3s, {
    server: { disable: ['traefik'], token: ENV.K3S_TOKEN },
    agent: { 'node-label': ['tier=edge'] },
  });
  assert.deepEqual(k0s?.spec, { network: { provider: 'calico' } });
});

test('what the documentation of the Go sealer shows applies unchanged', () => {
  const { cluster: spec, configs, plugins, application, kubeadm } = parse(fixture('go-documented'));
  assert.deepEqual(
    spec.hosts.map(({ address, roles }) => [address, roles]),
    [['172.16.0.197', ['master']]],
  );
  assert.equal(configs[0]?.data, 'config:\n  username: root\n  passwd: xxx\n');
  assert.deepEqual(application?.launchApps, []);
  assert.equal(kubeadm.JoinConfiguration?.caCertPath, '/etc/kubernetes/pki/ca.crt');
  assert.deepEqual(
    plugins.map(({ name, phases, on }) => [name, phases, on]),
    [
      ['pre_init_host', ['pre-init-host'], ['master', 'node']],
      ['hostnames', ['pre-init-host'], []],
      ['taint', ['post-install'], ['node-role.kubernetes.io/master=']],
      ['etcd_backup', ['post-install'], ['/var/lib/etcd-backup/snapshot.db']],
      ['modprobe', ['pre-scaleup', 'pre-init-host'], ['master', 'node']],
    ],
  );
});

test('a Cluster of v1 that names its hosts becomes one of v2, with a warning', () => {
  const { clusterfile, problems: found } = parseClusterfile(fixture('v1'), 'Clusterfile', { env: ENV });
  assert.deepEqual(
    found.map(({ severity, message }) => [severity, message]),
    [['warning', 'This is a Cluster of v1; it is read as one of v2']],
  );
  assert.deepEqual(
    clusterfile?.cluster.hosts.map(({ address, roles }) => `${address} ${roles}`),
    ['192.168.0.2 master', '192.168.0.3 node', '192.168.0.4 node'],
  );
  assert.deepEqual(clusterfile?.cluster.env, {
    PodCIDR: '100.64.0.0/10',
    SvcCIDR: '10.96.0.0/22',
    CertSANs: 'aliyun-inc.com,10.0.0.2',
  });
});

test('a Cluster of v1 in a cloud is refused with what to do', () => {
  const text =
    'apiVersion: sealer.cloud/v1\nkind: Cluster\nspec:\n  image: a\n  provider: ALI_CLOUD\n  masters: {count: 3, cpu: 4}\n';
  assert.deepEqual(problems(text), [
    '4:3 CLUSTERFILE_INVALID A Cluster of v1 names its hosts in masters.ipList and nodes.ipList',
    '5:13 CLUSTERFILE_INVALID The provider ALI_CLOUD is not supported in a Clusterfile',
  ]);
});

test('a Clusterfile with 20 mistakes gives 20 problems, each with its line and column', () => {
  const { clusterfile, problems: found } = parseClusterfile(fixture('twenty-mistakes'), 'Clusterfile', { env: ENV });
  assert.equal(clusterfile, undefined);
  assert.deepEqual(
    found.map(({ at, message, hint = '' }) => `${at?.line}:${at?.column} ${message} | ${hint.slice(0, 30)}`),
    [
      '6:3 spec.imag is unknown | Did you mean image?',
      '8:7 spec.env[] is "NOVALUE" | It is NAME=value.',
      '9:7 HostIP is computed by sealer and cannot be set | Leave it out.',
      '11:11 spec.ssh.user is "ro ot" | It is the name of a user.',
      '12:11 spec.ssh.port is "99999" | It is a number from 1 to 65535',
      '13:16 Encrypted passwords are not supported | The key to them is in the sour',
      '14:13 The environment variable NOT_SET is not set | Set it, or write ${NOT_SET:-de',
      '16:13 "10.0.0.256" is not an IP address | ',
      '16:25 The range "10.0.0.9-10.0.0.5" ends before it begins | Write 10.0.0.5-10.0.0.9.',
      '16:44 "10.0.0.7:0" has no valid port | A port is a number from 1 to 6',
      '17:15 mastr: a host is a master or a node besides | Did you mean master?',
      '18:7 spec.hosts[].ips is missing | Hosts: addresses, ranges (10.0',
      '21:16 The taint "a=b:NoSchedul" has an unknown effect | Did you mean NoSchedule?',
      '24:11 spec.registry.localRegistry.ha is "maybe" | It is true or false.',
      '27:7 The kind Plugni is unknown | Did you mean Plugin?',
      '33:9 The plugin type SHELLL is unknown | Did you mean SHELL?',
      '34:11 The phase "pre-instal" is unknown | Did you mean pre-install?',
      '35:7 "edeg" is not the role of a host | Roles are master, node, master',
      '42:9 spec.path is "../etc/passwd" | It is a relative path that doe',
      '45:1 There is a Cluster in line 1 already | Make one document of them.',
    ],
  );
});

test('defaults are filled in', () => {
  const { cluster: spec, configs, plugins, kubeadm } = parse(cluster('hosts: [{ips: 10.0.0.2, roles: master}]'));
  assert.deepEqual(spec, {
    name: 'my-cluster',
    image: 'shop:v1',
    env: {},
    hosts: [
      { address: '10.0.0.2', roles: ['master'], ssh: { user: 'root', port: 22 }, env: {}, labels: {}, taints: [] },
    ],
    registry: { kind: 'local', domain: 'sea.hub', port: 5000, ha: false, insecure: false, sans: [] },
    hostAliases: [],
    dataRoot: '/var/lib/sealer',
  });
  assert.deepEqual([configs, plugins, kubeadm], [[], [], {}]);
});

test('the registry is on all masters where there are several, unless told otherwise', () => {
  const ha = (spec: string): boolean | undefined => {
    const { registry } = parse(cluster(`hosts: [{ips: [10.0.0.2, 10.0.0.3], roles: [master]}]\n${spec}`)).cluster;
    return registry.kind === 'local' ? registry.ha : undefined;
  };
  assert.equal(ha(''), true);
  assert.equal(ha('registry: {localRegistry: {ha: false}}'), false);
  assert.equal(ha('registry: {externalRegistry: {domain: hub.example.com}}'), undefined);
});

test('an external registry needs its domain and excludes a local one', () => {
  const text = cluster('registry:\n  localRegistry: {}\n  externalRegistry: {port: 5000}');
  assert.deepEqual(problems(text), [
    '7:23 CLUSTERFILE_INVALID spec.registry.externalRegistry.domain is missing',
    '7:23 CLUSTERFILE_INVALID A cluster has either a localRegistry or an externalRegistry',
  ]);
});

test('a host in several entries has the roles of all, master first, and what the last says of it', () => {
  const { hosts } = parse(
    cluster(`hosts:
  - {ips: [10.0.0.2], roles: [node, gpu], labels: {a: x, b: x}, taints: [k=v:NoSchedule]}
  - {ips: [10.0.0.2], roles: [master], labels: {b: y}, taints: [k-], ssh: {port: 2222}}`),
  ).cluster;
  assert.equal(hosts.length, 1);
  assert.deepEqual(hosts[0]?.roles, ['master', 'node', 'gpu']);
  assert.deepEqual(hosts[0]?.labels, { a: 'x', b: 'y' });
  assert.deepEqual(
    hosts[0]?.taints.map(({ key, isRemoval }) => [key, isRemoval]),
    [['k', true]],
  );
  assert.equal(hosts[0]?.ssh.port, 2222);
});

test('a host that is named twice in one role is told', () => {
  const text = cluster('hosts:\n  - ips: [10.0.0.2, 10.0.0.1-10.0.0.3]\n    roles: [master]');
  assert.deepEqual(problems(text), ['6:23 warning CLUSTERFILE_INVALID 10.0.0.2 is named twice as master']);
});

test('hosts without a master are no cluster', () => {
  assert.deepEqual(problems(cluster('hosts: [{ips: [10.0.0.2], roles: [node]}]')), [
    '5:10 CLUSTERFILE_INVALID No host is a master',
  ]);
});

test('a misspelt kind, an apiVersion of somebody else and a document without a kind are told', () => {
  const text = `${cluster('env: []')}---\nkind: Config\n---\napiVersion: cluster.x-k8s.io/v1beta1\nkind: Cluster\n---\nfoo: 1\n---\n- a\n`;
  assert.deepEqual(problems(text), [
    '7:1 CLUSTERFILE_INVALID This Config has no apiVersion',
    '7:1 CLUSTERFILE_INVALID apiVersion is missing',
    '7:1 CLUSTERFILE_INVALID spec is missing',
    '9:13 CLUSTERFILE_INVALID The apiVersion cluster.x-k8s.io/v1beta1 is not that of a Cluster',
    '12:1 CLUSTERFILE_INVALID This document has no kind',
    '14:1 CLUSTERFILE_INVALID This document is not a mapping',
  ]);
});

test('what is no YAML hides no other mistake', () => {
  const text = `apiVersion: sealer.cloud/v2\nkind: Cluster\nspec: {image: [}\n---\n${cluster('hosst: []')}`;
  const found = problems(text);
  assert.equal(found.length, 2);
  assert.match(found[0] ?? '', /^3:\d+ CLUSTERFILE_INVALID This is not YAML/);
  assert.match(found[1] ?? '', /spec\.hosst is unknown/);
  assert.match(hints('a: {{ .Values }}: {{')[0] ?? '', /no template/);
});

test('a key that stands twice is told where it stands again', () => {
  assert.deepEqual(problems(cluster('env: []\nenv: [A=1]')), ['6:3 CLUSTERFILE_INVALID env stands here twice']);
});

test('an empty Clusterfile has no Cluster', () => {
  assert.deepEqual(problems(''), ['1:1 CLUSTERFILE_INVALID There is no Cluster document']);
});

test('keys that kubeadm does not know are warnings, for its versions differ', () => {
  const text = `${cluster('env: []')}---\napiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nnetworkin: {}\n`;
  assert.deepEqual(problems(text), [
    '9:1 warning CLUSTERFILE_INVALID kubeadm knows no networkin in a ClusterConfiguration',
  ]);
  assert.deepEqual(hints(text), ['Did you mean networking?']);
});

test('keys of k3s are its flags', () => {
  const text = `${cluster('env: []')}---\napiVersion: sealer.cloud/v2\nkind: K3sConfig\nclusterCidr: 10.42.0.0/16\nserver: https://a:6443\ntls-san+: [a]\nagent: [x]\n`;
  assert.deepEqual(problems(text), [
    "9:1 CLUSTERFILE_INVALID clusterCidr is not a key of k3s's config.yaml",
    '10:1 CLUSTERFILE_INVALID server is not a mapping',
    '12:1 CLUSTERFILE_INVALID agent is not a mapping',
  ]);
  assert.match(hints(text)[0] ?? '', /cluster-cidr/);
});

test('an image brings plugins; roles in them are not checked, other kinds have no effect', () => {
  const plugin =
    'apiVersion: sealer.cloud/v1\nkind: Plugin\nmetadata: {name: a}\nspec: {type: shell, action: upgrade, scope: gpu, data: ls}\n';
  const { plugins, problems: found } = parsePlugins(`${plugin}---\n${cluster('env: []')}`, 'plugins/a.yaml');
  assert.deepEqual(
    plugins.map(({ type, on, at }) => [type, on, at]),
    [['SHELL', ['gpu'], { file: 'plugins/a.yaml', line: 1 }]],
  );
  assert.deepEqual(
    found.map(({ message }) => message),
    ['A Cluster has no effect here'],
  );
});

test('a plugin of an unknown type is an executable of the image', () => {
  const text = `${cluster('env: []')}---\napiVersion: sealer.cloud/v1\nkind: Plugin\nspec: {type: backup-volumes, action: [upgrade, PostClean], on: [10.0.0.2-10.0.0.3, "disk=ssd,tier!=web"]}\n`;
  const [plugin] = parse(text).plugins;
  assert.deepEqual(plugin, {
    name: 'backup-volumes',
    type: 'backup-volumes',
    phases: ['upgrade', 'post-clean-host'],
    on: ['10.0.0.2-10.0.0.3', 'disk=ssd,tier!=web'],
    data: '',
    env: {},
    timeoutMs: 600_000,
    at: { file: 'Clusterfile', line: 7 },
  });
});
