/**
 * When a workload counts as rolled out: the rules of `kubectl rollout status`
 * (kubernetes, staging/src/k8s.io/kubectl/pkg/polymorphichelpers/rollout_status.go), and for the kinds that it does not
 * know the nearest thing to them. Pure.
 */

import { conditionOf, type Fields, isTrue, mapOf, numberOf, oneLine, stringOf } from './fields.ts';
import { podRollout } from './pod.ts';

/** The kinds that are waited for. Custom resources are not: what they bring about is. */
export type WorkloadKind =
  | 'Deployment'
  | 'StatefulSet'
  | 'DaemonSet'
  | 'ReplicaSet'
  | 'ReplicationController'
  | 'Job'
  | 'CronJob'
  | 'Pod';

export interface Rollout {
  readonly ready: boolean;
  /** What is missing; also what is to be known of something that counts as ready. */
  readonly why?: string;
  /** It will never get ready by waiting. */
  readonly isFinal?: boolean;
}

/** How far a workload is. */
export function rolloutOf(kind: WorkloadKind, object: Fields): Rollout {
  return RULES[kind](object, mapOf(object.spec), mapOf(object.status));
}

type Rule = (object: Fields, spec: Fields, status: Fields) => Rollout;

const RULES: Readonly<Record<WorkloadKind, Rule>> = {
  Deployment: deployment,
  StatefulSet: statefulSet,
  DaemonSet: daemonSet,
  ReplicaSet: replicas,
  ReplicationController: replicas,
  Job: job,
  // It starts something at its time only; whether it ever will is no question of readiness.
  CronJob: () => ({ ready: true }),
  Pod: podRollout,
};

const READY: Rollout = { ready: true };

function deployment(object: Fields, spec: Fields, status: Fields): Rollout {
  if (isUnobserved(object, status)) return notYet('its controller has not seen it yet');
  const wanted = numberOf(spec.replicas) ?? 1;
  const updated = numberOf(status.updatedReplicas) ?? 0;
  const all = numberOf(status.replicas) ?? 0;
  const available = numberOf(status.availableReplicas) ?? 0;
  const late = conditionOf(status, 'Progressing')?.reason === 'ProgressDeadlineExceeded';
  // kubectl gives up here. We go on until the time is over, since the controller does so, too.
  const because = (what: string): Rollout => notYet(late ? `${what}; it exceeded its progress deadline` : what, status);
  if (updated < wanted) {
    const paused = spec.paused === true ? '; it is paused' : '';
    return because(`${updated} of ${wanted} new replicas have been updated${paused}`);
  }
  if (all > updated) return because(`${all - updated} old replicas are pending termination`);
  if (available < updated) return because(`${available} of ${updated} updated replicas are available`);
  return late ? because('it exceeded its progress deadline') : READY;
}

function statefulSet(object: Fields, spec: Fields, status: Fields): Rollout {
  if (isUnobserved(object, status) || (numberOf(status.observedGeneration) ?? 0) === 0) {
    return notYet('its controller has not seen it yet');
  }
  const wanted = numberOf(spec.replicas) ?? 1;
  const ready = numberOf(status.readyReplicas) ?? 0;
  if (ready < wanted) return notYet(`${ready} of ${wanted} replicas are ready`, status);
  const strategy = mapOf(spec.updateStrategy);
  // kubectl refuses to tell. Somebody has to delete its pods for it to go on: all there is to wait for is there.
  if (strategy.type === 'OnDelete') return { ready: true, why: 'its update strategy is OnDelete' };
  const partition = numberOf(mapOf(strategy.rollingUpdate).partition);
  const updated = numberOf(status.updatedReplicas) ?? 0;
  if (partition !== undefined) {
    const share = wanted - partition;
    return updated < share ? notYet(`${updated} of ${share} new replicas have been updated`, status) : READY;
  }
  if (status.updateRevision !== status.currentRevision) {
    return notYet(`${updated} of ${wanted} replicas are at the new revision`, status);
  }
  return READY;
}

function daemonSet(object: Fields, spec: Fields, status: Fields): Rollout {
  if (isUnobserved(object, status)) return notYet('its controller has not seen it yet');
  const wanted = numberOf(status.desiredNumberScheduled) ?? 0;
  const updated = numberOf(status.updatedNumberScheduled) ?? 0;
  const available = numberOf(status.numberAvailable) ?? 0;
  const isOnDelete = mapOf(spec.updateStrategy).type === 'OnDelete';
  if (!isOnDelete && updated < wanted) return notYet(`${updated} of ${wanted} new pods have been updated`, status);
  if (available < wanted) return notYet(`${available} of ${wanted} updated pods are available`, status);
  return isOnDelete ? { ready: true, why: 'its update strategy is OnDelete' } : READY;
}

function replicas(object: Fields, spec: Fields, status: Fields): Rollout {
  if (isUnobserved(object, status)) return notYet('its controller has not seen it yet');
  const wanted = numberOf(spec.replicas) ?? 1;
  const all = numberOf(status.replicas) ?? 0;
  const available = numberOf(status.availableReplicas) ?? 0;
  if (all > wanted) return notYet(`${all - wanted} replicas are pending termination`, status);
  if (available < wanted) return notYet(`${available} of ${wanted} replicas are available`, status);
  return READY;
}

function job(_object: Fields, spec: Fields, status: Fields): Rollout {
  if (isTrue(status, 'Complete')) return READY;
  const failed = conditionOf(status, 'Failed');
  if (failed?.status === 'True') return { ready: false, isFinal: true, why: `it failed: ${saysOf(failed)}` };
  if (spec.suspend === true) return { ready: true, why: 'it is suspended' };
  const wanted = numberOf(spec.completions) ?? 1;
  const succeeded = numberOf(status.succeeded) ?? 0;
  const failures = numberOf(status.failed) ?? 0;
  const tries = failures === 0 ? '' : `, ${failures} tries failed`;
  return notYet(`${succeeded} of ${wanted} completions${tries}`);
}

/** What is wanted has changed since the controller looked last. */
function isUnobserved(object: Fields, status: Fields): boolean {
  const generation = numberOf(mapOf(object.metadata).generation) ?? 0;
  return generation > (numberOf(status.observedGeneration) ?? 0);
}

/** Pods that the API refuses to make (quota, admission) have no events of their own: their owner's condition tells. */
function notYet(why: string, status: Fields = {}): Rollout {
  const refused = conditionOf(status, 'ReplicaFailure');
  return { ready: false, why: refused?.status === 'True' ? `${why}; ${saysOf(refused)}` : why };
}

function saysOf(condition: Fields): string {
  const reason = stringOf(condition.reason);
  const message = stringOf(condition.message);
  return oneLine([reason, message].filter((part) => part !== undefined).join(': ') || 'nobody says why');
}
