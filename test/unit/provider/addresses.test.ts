import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freeAddresses } from '../../../src/provider/container/addresses.ts';

const SUBNET = { cidr: '10.89.3.0/29', gateway: '10.89.3.1' };

test('hosts get the first addresses that nobody has, neither the network’s nor the gateway’s nor the broadcast address', () => {
  assert.deepEqual(freeAddresses(SUBNET, ['10.89.3.3'], 3), ['10.89.3.2', '10.89.3.4', '10.89.3.5']);
  assert.deepEqual(freeAddresses({ ...SUBNET, gateway: '10.89.3.2' }, [], 1), ['10.89.3.3']);
});

test('a subnet that is full says so', () => {
  assert.throws(() => freeAddresses(SUBNET, [], 6), RangeError);
  assert.equal(freeAddresses(SUBNET, [], 5).length, 5);
});
