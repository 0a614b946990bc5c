/** Who has to reach whom. */

import type { Wanted } from '../inspected.ts';
import type { Circumstances } from '../needs/circumstances.ts';

/** What asking needs of a host. */
export interface ReachingHost {
  readonly address: string;
  readonly label: string;
  readonly role: 'master' | 'node';
  readonly isMember: boolean;
  readonly isRegistry: boolean;
}

export interface Target {
  readonly address: string;
  readonly label: string;
  readonly port: number;
  /** For people: `the API server`. */
  readonly purpose: string;
  /** A cluster forms without it, but something in it fails. */
  readonly isMild: boolean;
}

/** From one host; more are not asked, so that thousands of nodes do not meet one master's limits. */
const MOST = 200;

/**
 * The connections that one host will make: new hosts to masters and registry hosts, masters to new masters, and the first
 * master to kubelets.
 */
export function targetsOf(host: ReachingHost, hosts: readonly ReachingHost[], wanted: Wanted): readonly Target[] {
  const { image, circumstances, clusterfile } = wanted;
  if (image.runtime === undefined) return [];
  const { registry } = clusterfile.cluster;
  if (host.isMember && host.role === 'node') return [];
  const others = hosts.filter(({ address }) => address !== host.address);
  const masters = others.filter(({ role }) => role === 'master');
  const isFirst = host === hosts.find(({ role }) => role === 'master');
  const mutual = host.role === 'master' ? masters.filter((other) => !(host.isMember && other.isMember)) : [];
  const asNew = host.isMember ? [] : masters;
  const fresh = isFirst ? others.filter(({ isMember }) => !isMember) : [];
  const api = { port: circumstances.apiPort, purpose: 'the API server' };
  const targets = [
    ...asNew.map((to) => target(to, api)),
    ...mutual.flatMap((to) => [api, ...joiningPorts(wanted, circumstances)].map((port) => target(to, port))),
    ...(image.runtime === 'k0s' ? asNew.map((to) => target(to, { port: 8132, purpose: 'konnectivity' })) : []),
    ...(registry.kind === 'local' && !host.isMember
      ? others
          .filter(({ isRegistry }) => isRegistry)
          .map((to) => target(to, { port: registry.port, purpose: 'the registry' }))
      : []),
    ...fresh.map((to) => ({ ...target(to, { port: 10250, purpose: 'the kubelet' }), isMild: true })),
  ];
  const unique = new Map(targets.map((each) => [`${each.address} ${each.port}`, each]));
  return [...unique.values()].slice(0, MOST);
}

function joiningPorts({ image }: Wanted, { hasExternalStore }: Circumstances): { port: number; purpose: string }[] {
  return [
    ...(hasExternalStore ? [] : [{ port: 2380, purpose: 'etcd' }]),
    ...(image.runtime === 'k0s' ? [{ port: 9443, purpose: 'joining controllers' }] : []),
  ];
}

function target({ address, label }: ReachingHost, { port, purpose }: { port: number; purpose: string }): Target {
  return { address, label, port, purpose, isMild: false };
}
