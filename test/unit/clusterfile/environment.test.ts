import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostEnv, redact, reservedEnv, secretsOf, writeClusterfile } from '../../../src/clusterfile/index.ts';
import { cluster, ENV, fixture, parse, problems } from './reading.ts';

test('variables come from the environment, with defaults and escapes', () => {
  const text = cluster('env: ["A=${ONE}-${TWO:-two}", "B=$${ONE}", "C=$ONE", "D=${EMPTY:-e}", "E=${EMPTY}"]');
  const env = parse(text, { env: { ONE: '1', EMPTY: '' } }).cluster.env;
  assert.deepEqual(env, { A: '1-two', B: '${ONE}', C: '$ONE', D: 'e', E: '' });
  assert.equal(parse(text, { env: { ONE: '1', EMPTY: '' }, values: { ONE: 'x' } }).cluster.env.A, 'x-two');
});

test('a variable that is not set is told with its line, in a block too', () => {
  const text = cluster('registry:\n  externalRegistry:\n    domain: a\n    ca: |\n      one\n      ${MISSING}');
  assert.deepEqual(problems(text), ['10:9 ENV_MISSING The environment variable MISSING is not set']);
  assert.deepEqual(problems(cluster('env: ["A=${a-b}", "B=${"]')), [
    '5:9 BAD_VARIABLE ${a-b} is not a variable',
    '5:21 BAD_VARIABLE ${ is not a variable',
  ]);
  assert.deepEqual(problems(cluster('env: ["A=${__proto__}"]')), [
    '5:9 ENV_MISSING The environment variable __proto__ is not set',
  ]);
});

test('scripts and files keep their own variables', () => {
  const { plugins, configs } = parse(fixture('full'), { env: ENV });
  assert.match(plugins[0]?.data ?? '', /"\$\{HOSTNAME:\?\}" "\$LEVEL"/);
  assert.match(configs[0]?.data ?? '', /\$\{not-a-variable\}/);
});

test('numbers and flags may come from the environment', () => {
  const text = cluster(
    'ssh: {port: "${PORT}"}\nregistry: {localRegistry: {insecure: "${YES}"}}\nhosts: [{ips: "${IPS}", roles: master}]',
  );
  const spec = parse(text, { env: { PORT: '2222', YES: 'true', IPS: '10.0.0.2,10.0.0.3' } }).cluster;
  assert.equal(spec.hosts[1]?.ssh.port, 2222);
  assert.equal(spec.registry.insecure, true);
});

test('a value of the environment that is wrong is not shown', () => {
  const text = cluster('ssh: {port: "${PASSWORD}"}');
  assert.deepEqual(problems(text, { env: { PASSWORD: 'hunter2' } }), [
    '5:15 CLUSTERFILE_INVALID spec.ssh.port is "${PASSWORD}"',
  ]);
});

test('a secret that stands in the file is a warning, one of the environment is not', () => {
  const text = cluster('ssh: {passwd: hunter2}\nenv: [DB_PASSWORD=x, PASSWORD_LENGTH=8, "TOKEN=${SSH_PASSWORD}"]');
  assert.deepEqual(problems(text), [
    '5:17 warning SECRET_IN_CLUSTERFILE ssh.passwd is a secret, and whoever has this file can read it',
    '6:9 warning SECRET_IN_CLUSTERFILE DB_PASSWORD is a secret, and whoever has this file can read it',
  ]);
});

test('a stored Clusterfile can be looked at without its secrets', () => {
  const stored = writeClusterfile(parse(fixture('full')));
  const { cluster: spec, k3s } = parse(stored, { env: {}, allowMissing: true });
  assert.equal('DB_PASSWORD' in spec.env, false);
  assert.deepEqual(k3s?.server, { disable: ['traefik'] });
  const missing = problems(stored, { env: {} });
  assert.notDeepEqual(missing, []);
  assert.deepEqual(
    missing.filter((each) => !each.includes('ENV_MISSING')),
    [],
  );
});

test('secrets can be listed, and dropped', () => {
  const clusterfile = parse(fixture('full'));
  assert.deepEqual([...secretsOf(clusterfile)].sort(), Object.values(ENV).sort());
  const text = JSON.stringify(redact(clusterfile).cluster.hosts);
  for (const secret of Object.values(ENV)) assert.ok(!text.includes(secret));
});

test('computed variables are there for templates and scripts', () => {
  const clusterfile = parse(fixture('full'));
  const [host] = clusterfile.cluster.hosts;
  assert.deepEqual(reservedEnv(clusterfile, { serviceCidr: '10.96.0.0/12,fd00::/108', host: 'fd00::5' }), {
    RegistryDomain: 'registry.shop',
    RegistryPort: '5443',
    RegistryURL: 'registry.shop:5443',
    LocalRegistryDomain: 'registry.shop',
    LocalRegistryPort: '5443',
    LocalRegistryURL: 'registry.shop:5443',
    ContainerRuntime: 'containerd',
    KubeSvcIP: '10.96.0.1',
    DNSSvcIP: '10.96.0.10',
    HostIPFamily: '6',
    HostIP: 'fd00::5',
  });
  assert.ok(host);
  const env = hostEnv(clusterfile, host, { StorageDevice: 'image', SvcCIDR: 'image', Own: 'image' }, {});
  assert.equal(env.StorageDevice, '/dev/vde');
  assert.equal(env.SvcCIDR, '10.96.0.0/12');
  assert.equal(env.Own, 'image');
  assert.equal(env.HostIP, '10.0.0.2');
  assert.equal(env.DNSSvcIP, '10.96.0.10');
  assert.equal('HostIP' in hostEnv(clusterfile, host, {}), false);
});
