/** The services that k3s is on hosts, under its own names (k3s: install.sh). */

import type { ServiceSpec } from '../services/index.ts';
import { K3S, type OwnFiles } from './paths.ts';

export type K3sRole = 'server' | 'agent';

/** `k3s` or `k3s-agent`. */
export function serviceName(role: K3sRole): 'k3s' | 'k3s-agent' {
  return role === 'server' ? 'k3s' : 'k3s-agent';
}

/** What runs k3s. Containers go on when it stops: it can be restarted and replaced under them. */
export function serviceOf(role: K3sRole, files: OwnFiles, address: string): ServiceSpec {
  const name = serviceName(role);
  return {
    name,
    description: `Lightweight Kubernetes (${role})`,
    argv: [K3S, role],
    // For proxies and the like, as k3s's own installer has it.
    environmentFiles: [`/etc/default/${name}`, `/etc/sysconfig/${name}`, `/etc/systemd/system/${name}.service.env`],
    type: 'notify',
    killMode: 'process',
    delegate: true,
    limits: { files: 1_048_576, processes: 'infinity', core: 'infinity', tasks: 'infinity' },
    preStart: [
      ['/sbin/modprobe', 'br_netfilter'],
      ['/sbin/modprobe', 'overlay'],
      ['/bin/sh', files.defaultRoute, address],
    ],
    // It imports images before it is ready, and a joining server waits for the others.
    startTimeoutSeconds: 0,
  };
}

/** What our route is known by: nobody else's has this metric. */
export const ROUTE_METRIC = '20477';

/**
 * k3s ends on a host without a default route: it takes the node's address, flannel's link and the API's address from it, and
 * connections from the host to service addresses need one before they are redirected (k3s docs: installation/airgap). The
 * documentation's `dummy` link is not in every kernel; a route to the link that has the node's address does as well, and
 * names the right one. What is sent there gets no answer. Any other default route is preferred.
 */
export const DEFAULT_ROUTE = `#!/bin/sh
# Written by sealer: k3s needs a default route. Argument: the address of the node.
address=$1
case $address in *:*) family=-6 ;; *) family=-4 ;; esac
[ -z "$(ip "$family" route show default)" ] || exit 0
link=$(ip -o "$family" address show | awk -v address="$address" '{ split($4, parts, "/"); if (parts[1] == address) { print $2; exit } }')
[ -n "$link" ] || exit 0
exec ip "$family" route add default dev "$link" metric ${ROUTE_METRIC}
`;
