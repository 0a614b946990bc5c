/** The name servers that pods are to ask. */

import { readFile } from 'node:fs/promises';

/** RFC 5737: addresses for documentation, which nobody has. */
export const NO_NAMESERVER = '203.0.113.53';

/** What systemd-resolved knows, where /etc/resolv.conf names only its local stub. */
const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'];

/**
 * The name servers of this machine that can be reached from a container. An engine's own (127.0.0.11) is reached from
 * the node only, and k3s then gives its pods 8.8.8.8, which is closed in many companies.
 */
export async function ownNameservers(files: readonly string[] = FILES): Promise<readonly string[]> {
  for (const file of files) {
    const found = parseNameservers(await readFile(file, 'utf8').catch(() => ''));
    if (found.length > 0) return found;
  }
  return [];
}

/** The name servers of a resolv.conf that are not on the loopback interface; resolvers take three. */
export function parseNameservers(text: string): readonly string[] {
  const all = [...text.matchAll(/^\s*nameserver\s+([\d.]+)\s*$/gm)].flatMap(([, address]) => address ?? []);
  return all.filter((address) => !address.startsWith('127.') && address !== '0.0.0.0').slice(0, 3);
}
