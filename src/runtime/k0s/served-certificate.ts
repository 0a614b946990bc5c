/** What names the API server's certificate on a master is for, as a client sees it. */

import type { Host } from '../../hosts/host.ts';
import { API_PORT } from './paths.ts';
import { shakeHands } from './shake-hands.ts';

/** DNS names and addresses, sorted. @throws as `shakeHands` */
export async function servedSans(host: Host, signal: AbortSignal): Promise<readonly string[]> {
  return namesOf(await shakeHands(host, host.address, API_PORT, { signal }));
}

/** Whether a certificate for these names is for this one as well. */
export function covers(names: readonly string[], san: string): boolean {
  return names.some((name) => name.toLowerCase() === canonical(san));
}

/** `DNS:kubernetes, IP Address:10.0.0.2`. */
export function namesOf(subjectAltName: string): readonly string[] {
  return subjectAltName
    .split(',')
    .map((each) => each.trim().replace(/^(DNS|IP Address):/, ''))
    .filter((name) => name !== '')
    .map(canonical)
    .toSorted();
}

/** An IPv6 address has many spellings. */
function canonical(name: string): string {
  if (!name.includes(':')) return name.toLowerCase();
  const url = `https://[${name}]`;
  return URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : name.toLowerCase();
}
