/** Ways to other nodes' pods: CNI plugins add them to a host's routes, and leave them there. */

import type { Fields } from '../../../clusterfile/desired.ts';
import { type Cidr, containsAddress, parseCidr, parseIp } from '../../../clusterfile/index.ts';
import type { Host } from '../../../hosts/host.ts';

/**
 * Takes away routes to somewhere in the pods' networks. Links that went have taken theirs with them.
 * @param networking of the ClusterConfiguration
 */
export async function removePodRoutes(host: Host, networking: Fields, signal: AbortSignal): Promise<void> {
  const { podSubnet } = networking;
  const cidrs = (typeof podSubnet === 'string' ? podSubnet : '')
    .split(',')
    .flatMap((text) => parseCidr(text.trim()) ?? []);
  for (const family of ['-4', '-6'] as const) {
    const argv = ['ip', '-o', family, 'route', 'show'] as const;
    const { stdout } = await host.exec({ argv, signal, allowFailure: true });
    for (const { network, gateway } of routesTo(stdout, cidrs)) {
      await host.exec({ argv: ['ip', family, 'route', 'delete', network, 'via', gateway], signal, allowFailure: true });
    }
  }
}

function routesTo(shown: string, cidrs: readonly Cidr[]): readonly { network: string; gateway: string }[] {
  return shown.split('\n').flatMap((line) => {
    const [, network = '', gateway = ''] = /^(\S+) via (\S+)/.exec(line.trim()) ?? [];
    const address = parseIp(network.split('/')[0] ?? '');
    if (address === undefined || gateway === '') return [];
    return cidrs.some((cidr) => containsAddress(cidr, address)) ? [{ network, gateway }] : [];
  });
}
