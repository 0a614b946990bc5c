/** Whether addresses, routes and the cluster's own networks fit together. */

import { canonicalAddress } from '../../../clusterfile/index.ts';
import { type Cidr, containsAddress, formatCidr, overlaps, parseIp } from '../../../clusterfile/network.ts';
import type { Problem } from '../../../error.ts';
import type { Inspected, Wanted } from '../inspected.ts';
import { finding, someOf } from './finding.ts';

export function judgeAddress(host: Inspected, count: number): Problem[] {
  const { facts, report, address } = host;
  const problems: Problem[] = [];
  const canonical = canonicalAddress(address);
  const isLoopback = canonical.startsWith('127.') || canonical === '::1' || canonical === 'localhost';
  if (isLoopback && count > 1) {
    problems.push(
      finding(
        host,
        'error',
        'is a loopback address, which no other host can reach',
        'Name it by its address in their network.',
      ),
    );
  }
  if (
    !isLoopback &&
    parseIp(address) !== undefined &&
    !facts.addresses.some((each) => canonicalAddress(each) === canonical)
  ) {
    const text = `has no network card with its address (it has ${someOf(facts.addresses) || 'none'})`;
    const hint =
      'Name it by an address of its own if the hosts can reach each other by those; behind NAT nodes announce another.';
    problems.push(finding(host, 'warning', text, hint));
  }
  if (!report.routes.some(({ to }) => to.prefix === 0)) {
    const hint =
      'Add one, to anywhere: services of the cluster are found by way of it (ip route add default via ADDRESS).';
    problems.push(finding(host, 'warning', 'has no default route', hint));
  }
  return problems;
}

/** The pods' and services' networks against each other, against the hosts' addresses, and against a host's routes. */
export function judgeNetworks(hosts: readonly Inspected[], { circumstances: { networks } }: Wanted): Problem[] {
  if (networks === undefined) return [];
  const [first] = hosts;
  const fresh = hosts.filter(({ isMember }) => !isMember);
  if (first === undefined || fresh.length === 0) return [];
  const kinds = [
    { of: 'pods', cidrs: networks.pods },
    { of: 'services', cidrs: networks.services },
  ];
  const all = kinds.flatMap(({ of, cidrs }) => cidrs.map((cidr) => ({ of, cidr })));
  return [
    ...judgeEachOther(networks.pods, networks.services),
    ...judgeRoom(networks.pods, hosts.length),
    ...fresh.flatMap((host) => judgeHost(host, all)),
  ];
}

interface ClusterNetwork {
  readonly of: string;
  readonly cidr: Cidr;
}

function judgeEachOther(pods: readonly Cidr[], services: readonly Cidr[]): Problem[] {
  const pairs = pods.flatMap((pod) =>
    services.flatMap((service) => (overlaps(pod, service) ? [{ pod, service }] : [])),
  );
  return pairs.map(({ pod, service }) => ({
    code: 'CLUSTERFILE_INVALID',
    message: `The network of pods (${formatCidr(pod)}) and that of services (${formatCidr(service)}) overlap`,
    hint: OTHER_NETWORKS,
  }));
}

/** Each node gets a /24 (IPv6: a /64) of the pods' network. */
function judgeRoom(pods: readonly Cidr[], count: number): Problem[] {
  return pods.flatMap((pod): Problem[] => {
    const bits = (pod.family === 4 ? 24 : 64) - pod.prefix;
    if (bits >= 30 || 2 ** bits >= count) return [];
    const room = bits < 0 ? 'none' : String(2 ** bits);
    return [
      {
        code: 'HOST_UNFIT',
        severity: 'warning',
        message: `The network of pods (${formatCidr(pod)}) has room for ${room} of the ${count} hosts, with a /${pod.family === 4 ? 24 : 64} for each`,
        hint: 'Take a larger one (PodCIDR in the env of the Clusterfile), or give each node less (node-cidr-mask-size).',
      },
    ];
  });
}

const OTHER_NETWORKS = 'Set PodCIDR or SvcCIDR in the env of the Clusterfile to networks that nobody there uses.';

function judgeHost(host: Inspected, networks: readonly ClusterNetwork[]): Problem[] {
  return networks.flatMap(({ of, cidr }): Problem[] => {
    const name = `the network of ${of} (${formatCidr(cidr)})`;
    const ip = parseIp(host.address);
    if (ip !== undefined && containsAddress(cidr, ip)) {
      return [finding(host, 'error', `has an address that lies in ${name}`, OTHER_NETWORKS)];
    }
    // What is half made has routes of its own network already.
    if (host.report.isOurs) return [];
    const crossing = host.report.routes.filter(({ to }) => to.prefix > 0 && overlaps(to, cidr) && !isLocal(to));
    if (crossing.length === 0) return [];
    const routes = someOf(
      crossing.map(({ to, device }) => `${formatCidr(to)} by ${device}`),
      3,
    );
    return [finding(host, 'warning', `has routes into ${name}: ${routes}`, OTHER_NETWORKS)];
  });
}

/** fe80::/10 and ff00::/8 are everywhere. */
function isLocal({ family, base }: Cidr): boolean {
  return family === 6 && (base >> 118n === 0x3fan || base >> 120n === 0xffn);
}
