import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPlugins, selectHosts } from '../../../../src/cluster/plugins/index.ts';
import { spec } from './fixtures.ts';

const hosts = [
  { address: '10.0.0.2', roles: ['master'], labels: {} },
  { address: '10.0.0.3', roles: ['master'], labels: {} },
  { address: '10.0.0.5', roles: ['node', 'gpu'], labels: { disk: 'ssd', zone: 'a' } },
  { address: 'fd00::6', roles: ['node'], labels: { disk: 'hdd' } },
];

test('all mistakes of all plugins are found, each with the line of its plugin', () => {
  const specs = [
    spec({ name: 'good', on: ['master', 'gpu', '10.0.0.2-10.0.0.9', 'any=label'] }),
    spec({ name: 'type', type: 'SHEL' }),
    spec({ name: 'own', type: 'warm-up' }),
    spec({ name: 'where', on: ['masters', '10.9.9.9'] }),
    spec({ name: 'empty', data: ' ' }),
    spec({ name: 'names', type: 'HOSTNAME', data: '10.0.0.2 Bad_Name\nx y' }),
    spec({ name: 'labels', type: 'LABEL', data: '10.0.0.2 a=b=c', phases: ['pre-install'] }),
    spec({ name: 'taints', type: 'TAINT', data: '10.0.0.2 a=b:NoSchedul' }),
    spec({ name: 'etcd', type: 'ETCD', data: 'relative' }),
  ];
  const problems = checkPlugins(specs, hosts, ['warm-up']);
  assert.ok(problems.every(({ code, at }) => code === 'PLUGIN_INVALID' && at?.line === 7));
  assert.deepEqual(
    problems.map(({ message }) => message),
    [
      'plugin type: there is no type "SHEL"',
      'plugin where: "masters" is no role and no host of the Clusterfile',
      'plugin where: "10.9.9.9" is no role and no host of the Clusterfile',
      'plugin empty: it has no script in data',
      'plugin names: "Bad_Name" cannot be the name of a host',
      'plugin names: "x y" is not an address and a name',
      'plugin labels: "a=b=c" is no label',
      'plugin labels: LABEL needs a cluster, and in pre-install there is none',
      'plugin taints: The taint "a=b:NoSchedul" has an unknown effect',
      'plugin etcd: "relative" is no absolute path',
    ],
  );
  assert.equal(problems[0]?.hint, 'Did you mean SHELL?');
});

test('selectors are roles, master0, addresses, ranges and labels', () => {
  const chosen = (...selectors: string[]) => selectHosts(selectors, hosts).map(({ address }) => address);
  assert.deepEqual(chosen('master0'), ['10.0.0.2']);
  assert.deepEqual(chosen('gpu|10.0.0.3'), ['10.0.0.3', '10.0.0.5']);
  assert.deepEqual(chosen('10.0.0.3-10.0.0.5'), ['10.0.0.3', '10.0.0.5']);
  assert.deepEqual(chosen('FD00:0::6'), ['fd00::6']);
  assert.deepEqual(chosen('disk=ssd,zone=a'), ['10.0.0.5']);
  assert.deepEqual(chosen('disk=ssd,zone=b'), []);
  assert.deepEqual(chosen('disk,disk!=ssd'), ['fd00::6']);
  assert.deepEqual(chosen('node', 'master'), ['10.0.0.2', '10.0.0.3', '10.0.0.5', 'fd00::6']);
});
