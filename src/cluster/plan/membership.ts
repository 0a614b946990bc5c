/** Who is a member, who becomes one, who leaves. */

import { type Problem, SealerError } from '../../error.ts';
import { checkQuorum } from '../../runtime/quorum.ts';
import type { Current, Desired } from './situation.ts';

export interface Membership {
  /** Whether there is a master that works. */
  readonly hasCluster: boolean;
  /** No cluster, but an earlier run began to make one. */
  readonly isHalfMade: boolean;
  /** Members that are wanted. */
  readonly present: ReadonlySet<string>;
  readonly presentMasters: readonly string[];
  readonly presentNodes: readonly string[];
  readonly newMasters: readonly string[];
  readonly newNodes: readonly string[];
  /** Members that are not wanted any more; some may be out of reach. */
  readonly leavingMasters: readonly string[];
  readonly leavingNodes: readonly string[];
  /** Members no more, and not wanted again, that a run which broke off did not leave as they were. */
  readonly leftovers: readonly string[];
}

/** Compares who is wanted with who is there. */
export function membershipOf(desired: Desired, current: Current): Membership {
  const { saved, hosts } = current;
  const memberOf = (address: string) => hosts.get(address)?.state.member ?? 'absent';
  const presentMasters = desired.masters.filter((address) => memberOf(address) === 'master');
  const presentNodes = desired.nodes.filter((address) => memberOf(address) === 'node');
  const all = new Set([...desired.masters, ...desired.nodes]);
  const leaving = (saved?.masters ?? []).filter((address) => !all.has(address));
  // What is dead goes first: it does not help the quorum.
  const leavingMasters = leaving.sort((a, b) => Number(memberOf(a) === 'master') - Number(memberOf(b) === 'master'));
  return {
    hasCluster: presentMasters.length > 0 || leavingMasters.some((address) => memberOf(address) === 'master'),
    isHalfMade: desired.masters.some((address) => memberOf(address) === 'broken'),
    present: new Set([...presentMasters, ...presentNodes]),
    presentMasters,
    presentNodes,
    newMasters: desired.masters.filter((address) => memberOf(address) !== 'master'),
    newNodes: desired.nodes.filter((address) => memberOf(address) !== 'node'),
    leavingMasters,
    leavingNodes: (saved?.nodes ?? []).filter((address) => !all.has(address)),
    leftovers: (saved?.leftovers ?? []).filter((address) => !all.has(address)),
  };
}

/**
 * Refuses what would break the cluster.
 * @throws SealerError LAST_MASTER, QUORUM_AT_RISK, CLUSTER_EXISTS, HOST_UNFIT
 */
export function checkMembership(desired: Desired, current: Current, members: Membership): void {
  if (desired.masters.length === 0) {
    throw new SealerError('LAST_MASTER', 'A cluster needs a master, and none is wanted', {
      hint: 'Name one (--masters), or remove the cluster with sealer delete --all.',
    });
  }
  const strangers = current.saved === undefined ? strangersOf(desired, current) : [];
  if (strangers.length > 0) {
    throw new SealerError('CLUSTER_EXISTS', 'Hosts are members of a cluster already', {
      problems: strangers,
      hint:
        'Name that cluster (--name, or metadata.name of the Clusterfile) and keep one of its masters: they remember it, so replace ' +
        'all of them in two steps. Or remove it from these hosts first.',
    });
  }
  const changing = roleChanges(desired, current);
  if (changing.length > 0) {
    throw new SealerError('HOST_UNFIT', 'Hosts cannot change their role while they are members', {
      problems: changing,
      hint: 'Remove the host from the cluster first, then add it in its new role.',
    });
  }
  if (members.leavingMasters.length === 0) return;
  const known = current.saved?.masters ?? [];
  // They join before others leave; one that was a master and is broken may or may not come back.
  const fresh = members.newMasters.filter((address) => !known.includes(address));
  const works = (address: string) => current.hosts.get(address)?.state.member === 'master';
  const isGone = (address: string) =>
    members.leavingMasters.includes(address) && !works(address) && hasLeft(current, address);
  let all = [...known.filter((address) => !isGone(address)), ...fresh];
  for (const leaving of members.leavingMasters) {
    checkQuorum({ members: all, healthy: all.filter((each) => works(each) || fresh.includes(each)), leaving });
    all = all.filter((address) => address !== leaving);
  }
}

/**
 * Whether etcd is without a master already: a removal that broke off after that is gone on with, however few are left. Drivers
 * tell members by the names or addresses of nodes, and ask etcd once more themselves.
 */
function hasLeft({ metadata }: Current, address: string): boolean {
  if (metadata === undefined || metadata.etcdMembers.length === 0) return false;
  const name = metadata.nodes.find((node) => node.address === address)?.name;
  return !metadata.etcdMembers.some((member) => member === address || member === name);
}

/**
 * Hosts that run something of a cluster that we know nothing of. Whether we set them up does not matter: a cluster of ours whose
 * masters are all wanted no more would get a second one beside it, and its nodes would belong to neither.
 */
function strangersOf(desired: Desired, current: Current): Problem[] {
  return [...desired.masters, ...desired.nodes].flatMap((address): Problem[] => {
    const host = current.hosts.get(address);
    if (host === undefined || host.state.member === 'absent') return [];
    // What is half set up is looked at again by the driver; a member that works is not to be lost.
    if (host.state.member === 'broken') return [];
    return [
      { code: 'CLUSTER_EXISTS', message: `${address} is a ${host.state.member} of a cluster that this one is not` },
    ];
  });
}

function roleChanges(desired: Desired, { hosts }: Current): Problem[] {
  const change = (address: string, from: 'master' | 'node', to: string): Problem[] =>
    hosts.get(address)?.state.member === from
      ? [{ code: 'HOST_UNFIT', message: `${address} is a ${from} and wanted as a ${to}` }]
      : [];
  return [
    ...desired.masters.flatMap((address) => change(address, 'node', 'master')),
    ...desired.nodes.flatMap((address) => change(address, 'master', 'node')),
  ];
}
