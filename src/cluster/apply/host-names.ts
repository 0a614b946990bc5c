/** Names of other machines on a host: the Clusterfile's aliases, and the registry's domain. */

import type { Host } from '../../hosts/host.ts';
import { setHostNames } from '../../hosts/index.ts';
import type { Run } from './run.ts';

/** What our lines in /etc/hosts are for. */
export const ALIASES = 'aliases';

export async function writeHostNames(host: Host, run: Run): Promise<void> {
  const { hostAliases } = run.desired.clusterfile.cluster;
  const lines = hostAliases.map(({ ip, hostnames }) => ({ address: ip, names: hostnames }));
  await setHostNames(host, ALIASES, lines, { signal: run.signal });
}
