/** IPv4 addresses for the hosts of one network. */

/** A network's addresses. */
export interface Subnet {
  /** `10.89.3.0/24` */
  readonly cidr: string;
  readonly gateway: string;
}

/**
 * The first addresses of a subnet that nobody has.
 * @param taken addresses that are not to be given; the gateway's is never
 * @throws RangeError if there are not so many
 */
export function freeAddresses({ cidr, gateway }: Subnet, taken: readonly string[], count: number): readonly string[] {
  const [base = '', bits = '24'] = cidr.split('/');
  const first = toNumber(base);
  const last = first + 2 ** (32 - Number(bits)) - 1;
  const used = new Set([gateway, ...taken]);
  const free: string[] = [];
  // The first is the network's own, the last its broadcast.
  for (let number = first + 2; number < last && free.length < count; number += 1) {
    const address = toAddress(number);
    if (!used.has(address)) free.push(address);
  }
  if (free.length < count) throw new RangeError(`${cidr} has no ${count} free addresses`);
  return free;
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
}

function toAddress(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}
