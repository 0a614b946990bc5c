import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  containsAddress,
  formatCidr,
  formatIp,
  nthAddress,
  overlaps,
  parseCidr,
  parseIp,
} from '../../../src/clusterfile/index.ts';

function cidr(text: string) {
  const parsed = parseCidr(text);
  assert.ok(parsed, text);
  return parsed;
}

test('addresses of both families are read and written in one form', () => {
  for (const [text, written] of [
    ['10.0.0.1', '10.0.0.1'],
    ['::', '::'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['1:0:3:4:5:6:7:8', '1:0:3:4:5:6:7:8'],
    ['fe80::', 'fe80::'],
  ] as const) {
    const ip = parseIp(text);
    assert.ok(ip, text);
    assert.equal(formatIp(ip), written);
  }
  for (const text of ['1.2.3', '1.2.3.4.5', '256.1.1.1', '01.2.3.4', '1:2', ':::', '1::2::3', 'g::', '12345::', '']) {
    assert.equal(parseIp(text), undefined, text);
  }
});

test('networks know their addresses', () => {
  assert.equal(nthAddress(cidr('10.96.0.0/12'), 10), '10.96.0.10');
  assert.equal(nthAddress(cidr('fd00:1::/108'), 10), 'fd00:1::a');
  assert.equal(nthAddress(cidr('10.0.0.0/30'), 4), undefined);
  assert.equal(formatCidr(cidr('10.244.3.7/16')), '10.244.0.0/16');
  for (const text of ['10.0.0.0', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/-1', '/8']) {
    assert.equal(parseCidr(text), undefined, text);
  }
});

test('networks that have addresses in common overlap', () => {
  assert.ok(overlaps(cidr('10.0.0.0/8'), cidr('10.244.0.0/16')));
  assert.ok(overlaps(cidr('10.244.0.0/16'), cidr('10.0.0.0/8')));
  assert.ok(!overlaps(cidr('10.244.0.0/16'), cidr('10.245.0.0/16')));
  assert.ok(!overlaps(cidr('::/0'), cidr('0.0.0.0/0')));
  const inside = parseIp('10.244.255.255');
  const outside = parseIp('10.245.0.0');
  assert.ok(inside && outside);
  assert.ok(containsAddress(cidr('10.244.0.0/16'), inside));
  assert.ok(!containsAddress(cidr('10.244.0.0/16'), outside));
});
