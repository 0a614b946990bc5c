import assert from 'node:assert/strict';
import { test } from 'node:test';
import { canonicalAddress, formatTaint, parseHostList, parseTaint } from '../../../src/clusterfile/index.ts';

function addresses(text: string): readonly string[] {
  const { hosts, mistakes } = parseHostList(text);
  assert.deepEqual(mistakes, []);
  return hosts.map(
    ({ address, user, port }) =>
      `${user === undefined ? '' : `${user}@`}${address}${port === undefined ? '' : ` ${port}`}`,
  );
}

function mistake(text: string): string {
  const { mistakes } = parseHostList(text);
  assert.equal(mistakes.length, 1, text);
  return mistakes[0]?.message ?? '';
}

test('lists mix addresses, ranges and names', () => {
  assert.deepEqual(addresses('10.0.0.2, 10.0.0.5-10.0.0.7,web-1.Example.com,10.0.1.254-10.0.2.1'), [
    '10.0.0.2',
    '10.0.0.5',
    '10.0.0.6',
    '10.0.0.7',
    'web-1.example.com',
    '10.0.1.254',
    '10.0.1.255',
    '10.0.2.0',
    '10.0.2.1',
  ]);
  assert.deepEqual(addresses('10.0.0.8-9'), ['10.0.0.8', '10.0.0.9']);
});

test('IPv6 addresses have one form, and ranges', () => {
  assert.deepEqual(addresses('FD00:0:0::00a,fd00::fffe-fd00::1:1'), [
    'fd00::a',
    'fd00::fffe',
    'fd00::ffff',
    'fd00::1:0',
    'fd00::1:1',
  ]);
  assert.equal(canonicalAddress('FD00::0A'), 'fd00::a');
});

test('a user stands before the host and a port behind it, for a whole range too', () => {
  assert.deepEqual(addresses('admin@10.0.0.2:2222,[fd00::1]:2200,[fd00::2],core@web:22,ops@10.0.0.3-10.0.0.4:23'), [
    'admin@10.0.0.2 2222',
    'fd00::1 2200',
    'fd00::2',
    'core@web 22',
    'ops@10.0.0.3 23',
    'ops@10.0.0.4 23',
  ]);
});

test('what is no host is told, and the rest counts', () => {
  assert.match(mistake('10.0.0.300'), /not an IP address/);
  assert.match(mistake('10.0.0'), /not an IP address/);
  assert.match(mistake('10.0.0.01'), /not an IP address/);
  assert.match(mistake('0.0.0.0'), /no address of a host/);
  assert.match(mistake('10.0.0.0/24'), /is a network/);
  assert.match(mistake('fe80::1%eth0'), /zone/);
  assert.match(mistake('fd00::1::2'), /not an IP address/);
  assert.match(mistake('10.0.0.2:70000'), /valid port/);
  assert.match(mistake('10.0.0.2:'), /valid port/);
  assert.match(mistake('a b@10.0.0.2'), /valid user/);
  assert.match(mistake('-web'), /neither/);
  assert.match(mistake(''), /empty/);
  assert.match(mistake('10.0.0.9-10.0.0.5'), /ends before it begins/);
  assert.match(mistake('10.0.0.9-fd00::1'), /other/);
  assert.match(mistake('10.0.0.9-10.0.0.x'), /not an address/);
  assert.equal(parseHostList('10.0.0.1,,10.0.0.2').hosts.length, 2);
});

test('a range has 5000 hosts and no more', () => {
  assert.equal(addresses('10.0.0.0-10.0.19.135').length, 5000);
  assert.match(mistake('10.0.0.0-10.0.19.136'), /5001 hosts/);
  assert.match(mistake('::1-ffff::'), /hosts/);
});

test('lists that go on for ever end soon', () => {
  assert.equal(parseHostList('10.0.0.0-10.0.19.135,'.repeat(50)).hosts.length, 10_000);
  assert.equal(parseHostList('!,'.repeat(100_000)).mistakes.length, 100);
});

test('taints have the forms of kubectl', () => {
  for (const text of ['k=v:NoSchedule', 'k:NoExecute', 'example.com/k=v:PreferNoSchedule', 'k-', 'k:NoSchedule-']) {
    const taint = parseTaint(text);
    assert.ok('key' in taint, text);
    assert.equal(formatTaint(taint), text);
  }
  assert.deepEqual(parseTaint('k=:NoSchedule'), { key: 'k', value: '', effect: 'NoSchedule', isRemoval: false });
  for (const text of ['', '-', 'k', 'k=v', 'k:Never', ':NoSchedule', 'k=a b:NoSchedule', 'a/b/c:NoSchedule']) {
    assert.ok('message' in parseTaint(text), text);
  }
});
