/** The line in /etc/hosts by which a host finds the API: masters ask themselves, nodes their own balancer. */

import type { Host } from '../../../hosts/host.ts';
import { removeHostNames, setHostNames } from '../../../hosts/index.ts';
import { ENDPOINT_NAME } from '../config/settings.ts';

const PURPOSE = 'apiserver';

/** Lets a host find the API at an address. */
export async function pointEndpoint(host: Host, address: string, signal: AbortSignal): Promise<void> {
  await setHostNames(host, PURPOSE, [{ address, names: [ENDPOINT_NAME] }], { signal });
}

/** Takes the line away again. */
export async function removeEndpoint(host: Host, signal: AbortSignal): Promise<void> {
  await removeHostNames(host, PURPOSE, { signal });
}
