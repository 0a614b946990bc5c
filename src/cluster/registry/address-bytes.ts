/** IP addresses as bytes in network order. */

import { isIPv4 } from 'node:net';

/** @param address as `isIP` takes it: `10.0.0.2`, `fd00::1`, `::ffff:10.0.0.2` */
export function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [plain = ''] = address.split('%');
  const [head = '', tail] = plain.split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const missing = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return Buffer.from([...left, ...missing, ...right].flatMap((group) => [group >>> 8, group & 0xff]));
}

function groupsOf(text: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!isIPv4(group)) return [Number.parseInt(group, 16)];
    const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number);
    return [(a << 8) | b, (c << 8) | d];
  });
}
