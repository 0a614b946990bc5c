import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  addHosts,
  type Clusterfile,
  clusterfileFromFlags,
  genClusterfile,
  mergeFlags,
  parseClusterfile,
  removeHosts,
  writeClusterfile,
} from '../../../src/clusterfile/index.ts';
import { SealerError } from '../../../src/error.ts';
import { cluster, ENV, fixture, parse } from './reading.ts';

function hosts({ cluster: { hosts: all } }: Clusterfile): readonly string[] {
  return all.map(({ address, roles }) => `${address} ${roles}`);
}

/** Without secrets and places, which are not written. */
function comparable(clusterfile: Clusterfile): unknown {
  const { secrets: _, ...rest } = clusterfile;
  const plain: unknown = JSON.parse(
    JSON.stringify(rest, (key, value: unknown) =>
      ['at', 'password', 'passphrase', 'sudoPassword'].includes(key) ? undefined : value,
    ),
  );
  return plain;
}

test('flags alone make a Clusterfile', () => {
  const clusterfile = clusterfileFromFlags({
    image: 'shop:v1',
    masters: '10.0.0.2,10.0.0.3',
    nodes: ['admin@10.0.0.5-10.0.0.6:2222', 'fd00::1'],
    user: 'ops',
    password: 'secret',
    env: ['A=1', 'A=2', 'B=x=y'],
    name: 'shop',
    sshJump: 'bastion',
  });
  assert.deepEqual(hosts(clusterfile), [
    '10.0.0.2 master',
    '10.0.0.3 master',
    '10.0.0.5 node',
    '10.0.0.6 node',
    'fd00::1 node',
  ]);
  const login = { password: 'secret', sudoPassword: 'secret', jump: 'bastion' };
  assert.deepEqual(clusterfile.cluster.hosts[0]?.ssh, { user: 'ops', port: 22, ...login });
  assert.deepEqual(clusterfile.cluster.hosts[2]?.ssh, { user: 'admin', port: 2222, ...login });
  assert.deepEqual(clusterfile.cluster.env, { A: '1,2', B: 'x=y' });
  assert.equal(clusterfile.cluster.registry.kind === 'local' && clusterfile.cluster.registry.ha, true);
});

test('malformed flags are told by their name, without the values of variables', () => {
  const refused = (flags: Parameters<typeof clusterfileFromFlags>[0], message: RegExp): void => {
    assert.throws(
      () => clusterfileFromFlags(flags),
      (error) => error instanceof SealerError && error.code === 'USAGE' && message.test(error.message),
    );
  };
  refused({ masters: '10.0.0.9-10.0.0.2' }, /^--masters: .*ends before/);
  refused({ env: ['=x'] }, /^--env : this is not/);
  refused({ env: ['RegistryURL=x'] }, /computed/);
  refused({ name: '../x' }, /^--name/);
  refused({ dataRoot: 'var' }, /^--data-root/);
});

test('flags count over the file; the hosts of a role are replaced, and those that stay keep what is theirs', () => {
  const file = parse(
    cluster(`hosts:
  - {ips: [10.0.0.2], roles: [master, node], labels: {a: b}}
  - {ips: [10.0.0.3, 10.0.0.4], roles: [master]}
  - {ips: [10.0.0.5], roles: [node, gpu]}
env: [A=1, B=1]`),
  );
  const merged = mergeFlags(file, { masters: '10.0.0.2,10.0.0.9', env: ['A=2'], port: 2222, image: 'shop:v2' });
  assert.deepEqual(hosts(merged), ['10.0.0.2 master,node', '10.0.0.5 node,gpu', '10.0.0.9 master']);
  assert.deepEqual(merged.cluster.hosts[0]?.labels, { a: 'b' });
  assert.ok(merged.cluster.hosts.every(({ ssh }) => ssh.port === 2222));
  assert.deepEqual(merged.cluster.env, { A: '2', B: '1' });
  assert.equal(merged.cluster.image, 'shop:v2');
  assert.deepEqual(mergeFlags(file, {}), file);
});

test('hosts are added and removed, and all else stays', () => {
  const file = parse(fixture('full'));
  const more = addHosts(file, { nodes: '10.0.0.2,10.0.0.20', masters: '10.0.0.21', port: 23 });
  assert.deepEqual(hosts(more).slice(-2), ['10.0.0.21 master', '10.0.0.20 node']);
  assert.equal(hosts(more)[0], '10.0.0.2 master,node');
  assert.equal(more.cluster.hosts[0]?.ssh.port, 22);
  assert.deepEqual(more.cluster.hosts.at(-1)?.ssh, { ...file.cluster.hosts[0]?.ssh, port: 23 });
  const fewer = removeHosts(more, ['10.0.0.21', '10.0.0.20', '10.0.0.2']);
  assert.equal(fewer.cluster.hosts.length, 8);
  assert.deepEqual(fewer.configs, file.configs);
});

test('the default of the registry follows the number of masters', () => {
  const ha = ({ cluster: { registry } }: Clusterfile) => registry.kind === 'local' && registry.ha;
  const one = clusterfileFromFlags({ masters: '10.0.0.2' });
  assert.equal(ha(one), false);
  const three = addHosts(one, { masters: '10.0.0.3,10.0.0.4' });
  assert.equal(ha(three), true);
  assert.equal(ha(removeHosts(three, ['10.0.0.3', '10.0.0.4'])), false);
  const said = parse(cluster('hosts: [{ips: 10.0.0.2, roles: master}]\nregistry: {localRegistry: {ha: true}}'));
  assert.equal(ha(addHosts(said, { masters: '10.0.0.3' })), true);
});

test('what is written reads the same, has no secrets, and is the same text again', () => {
  for (const name of ['full', 'go-documented', 'v1']) {
    const { clusterfile } = parseClusterfile(fixture(name), 'Clusterfile', { env: ENV });
    assert.ok(clusterfile);
    const text = writeClusterfile(clusterfile);
    for (const secret of Object.values(ENV)) assert.ok(!text.includes(secret), `${name}: ${secret}`);
    const again = parse(text);
    assert.deepEqual(comparable(again), comparable(clusterfile));
    assert.equal(writeClusterfile(again), text);
  }
});

test('secrets that stand in the file, or behind flags, are not written either', () => {
  const text = `${cluster('env: [API_TOKEN=hunter2]\nssh: {passwd: hunter2}')}---
apiVersion: sealer.cloud/v2
kind: K3sConfig
agent-token: hunter2
token-file: /etc/token
---
apiVersion: kubeadm.k8s.io/v1beta3
kind: InitConfiguration
bootstrapTokens: [{token: hunter2}]
`;
  const { clusterfile } = parseClusterfile(text, 'Clusterfile', { env: {} });
  assert.ok(clusterfile);
  const written = writeClusterfile(mergeFlags(clusterfile, { password: 'hunter2' }));
  assert.ok(!written.includes('hunter2'));
  assert.match(written, /API_TOKEN=\$\{API_TOKEN\}/);
  assert.match(written, /agent-token: \$\{AGENT_TOKEN\}/);
  assert.match(written, /token-file: \/etc\/token/);
});

test('text that looks like a variable is written so that it stays text', () => {
  const file = parse(cluster('env: ["A=$${HOME}", "B=$$$${X}"]'));
  assert.deepEqual(file.cluster.env, { A: '${HOME}', B: '$$${X}' });
  assert.deepEqual(parse(writeClusterfile(file)).cluster.env, file.cluster.env);
});

test('a generated Clusterfile is one', () => {
  const flags = { image: 'shop:v1', masters: '10.0.0.2', nodes: '10.0.0.5-10.0.0.6', password: 'x', env: ['A=1'] };
  const text = genClusterfile(flags);
  assert.match(text, /passwd: \$\{SSH_PASSWORD\}/);
  assert.match(text, /# {3}localRegistry/);
  const { password: _, ...open } = flags;
  assert.deepEqual(comparable(parse(text)), comparable(clusterfileFromFlags(open)));
  assert.equal(parse(genClusterfile({})).cluster.hosts.length, 6);
});
