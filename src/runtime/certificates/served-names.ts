/** What an API server shows as its certificate. */

import type { Host } from '../../hosts/host.ts';
import { namesIn } from './names.ts';
import { shakeHands } from './shake-hands.ts';

/**
 * The names and addresses that the certificate at `address`, as seen from the host, is for. No name is asked for: k3s puts names
 * that are asked for into it.
 * @throws as `shakeHands`
 */
export async function servedNames(
  host: Host,
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<readonly string[]> {
  return namesIn(await shakeHands(host, address, port, { signal }));
}
