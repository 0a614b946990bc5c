/** Which of a cluster's workloads are waited for, and how far they are. Pure. */

import type { Inventory, Owner, Pod, Workload } from './inventory.ts';
import { type PodState, type WorkloadState, workloadName } from './report.ts';

/** Where a cluster is. */
export interface Judgement {
  readonly workloads: readonly Judged[];
  readonly pods: readonly JudgedPod[];
  /** Uids of all that somebody made: one that was not there before means that something is still going on. */
  readonly uids: ReadonlySet<string>;
}

export interface Judged {
  readonly state: WorkloadState;
  readonly uid: string;
  /** It will not get ready, and nobody is there who would make another. */
  readonly isLost: boolean;
}

export interface JudgedPod {
  readonly state: PodState;
  readonly pod: Pod;
}

/** Kinds whose readiness says all about what they own. Others may use the same names in other groups. */
const COVERING: Readonly<Record<string, string>> = {
  ReplicaSet: 'apps',
  StatefulSet: 'apps',
  DaemonSet: 'apps',
  Deployment: 'apps',
  ReplicationController: '',
  Job: 'batch',
  CronJob: 'batch',
};

/**
 * Judges what there is.
 * @param ignore uids of what does not count; what it owns does not count either
 */
export function judge({ workloads, pods }: Inventory, ignore: ReadonlySet<string>): Judgement {
  const byUid = new Map([...workloads, ...pods].map((each) => [each.uid, each]));
  const chain = (of: Workload): readonly Link[] => chainOf(of, byUid);
  const isIgnored = (of: Workload): boolean => chain(of).some(({ uid }) => ignore.has(uid));
  // What runs by the clock comes and goes for ever; waiting until nothing new appears would never end.
  const isByClock = (of: Workload): boolean =>
    chain(of).some(({ kind, group }) => kind === 'CronJob' && group === 'batch' && of.kind !== 'CronJob');
  const counted = [...workloads, ...pods].filter((each) => !isIgnored(each));
  return {
    workloads: counted.filter((each) => !each.isEnding && !isCovered(each.owner)).map(judged),
    pods: pods
      .filter((pod) => !pod.isEnding && !isIgnored(pod))
      .map((pod) => ({ pod, state: podState(pod, chain(pod)) })),
    uids: new Set(counted.filter((each) => !isByClock(each)).map(({ uid }) => uid)),
  };
}

interface Link {
  readonly uid: string;
  readonly kind: string;
  readonly group: string;
  readonly name: string;
}

/** The object and what owns it, as far up as is known. Names of owners that are not listed are known from the reference. */
function chainOf(workload: Workload, byUid: ReadonlyMap<string, Workload>): readonly Link[] {
  const links: Link[] = [{ ...workload, group: COVERING[workload.kind] ?? '' }];
  for (
    let owner = workload.owner;
    owner !== undefined && links.length < MAX_OWNERS;
    owner = byUid.get(owner.uid)?.owner
  ) {
    links.push(owner);
  }
  return links;
}

/** Owners that own each other in a circle would keep us for ever. */
const MAX_OWNERS = 16;

function isCovered(owner: Owner | undefined): boolean {
  return owner !== undefined && COVERING[owner.kind] === owner.group;
}

function judged({ kind, namespace, name, uid, owner, rollout }: Workload): Judged {
  const { ready, why, isFinal = false } = rollout;
  return {
    state: { kind, namespace, name, ready, ...(why === undefined ? {} : { why }) },
    uid,
    isLost: isFinal && owner === undefined,
  };
}

function podState({ namespace, name, uid, images, rollout }: Pod, [, ...owners]: readonly Link[]): PodState {
  // The last one that covers: a Deployment that a custom resource owns is what people know, not the resource.
  // Of a static pod its node is no owner that would tell anything.
  const named = owners.filter(({ kind, group }) => kind !== 'Node' || group !== '');
  const owner = named.findLast(({ kind, group }) => COVERING[kind] === group) ?? named.at(-1);
  return {
    namespace,
    name,
    uid,
    ...(owner === undefined ? {} : { owner: workloadName({ ...owner, namespace }) }),
    ready: rollout.ready,
    images,
    ...(rollout.ready || rollout.why === undefined ? {} : { problem: rollout.why }),
    events: [],
    logs: [],
  };
}
