/** Whether the pods of a node have anywhere to go while it is away. */

import { type Fields, mapOf, mapsOf, stringOf } from '../../kubernetes/fields.ts';
import type { NodeState } from '../runtime.ts';
import { type Kubectl, listNodes, podsOn } from './list-nodes.ts';

type Taint = NodeState['taints'][number];

/** Kubernetes' own taints tell the state of a node (Ready, cordoned), and lag behind it. */
const STATE_TAINT = /^node\.kubernetes\.io\//;
/** Annotation of what a static pod looks like to the API; nobody moves it. */
const MIRROR = 'kubernetes.io/config.mirror';
const REPELLING = ['NoSchedule', 'NoExecute'];

/**
 * Whether all pods that a drain would take off a node may run on another one, going by taints and tolerations: what a pod
 * selects beyond that is not looked at, so one that is bound to its node waits until that is back.
 * @throws SealerError COMMAND_FAILED, CLUSTER_API_ERROR
 */
export async function hasElsewhere(kubectl: Kubectl, { name }: NodeState, signal?: AbortSignal): Promise<boolean> {
  const nodes = await listNodes(kubectl, signal);
  const others = nodes.filter((node) => node.name !== name && node.isReady && node.isSchedulable);
  if (others.length === 0) return false;
  const moving = (await podsOn(kubectl, name, signal)).filter(isMoved);
  return moving.every((pod) => others.some(({ taints }) => tolerates(pod, taints)));
}

function isMoved(pod: Fields): boolean {
  const [metadata, phase] = [mapOf(pod.metadata), mapOf(pod.status).phase];
  if (phase === 'Succeeded' || phase === 'Failed' || MIRROR in mapOf(metadata.annotations)) return false;
  return !mapsOf(metadata.ownerReferences).some(({ kind }) => kind === 'DaemonSet');
}

function tolerates(pod: Fields, taints: readonly Taint[]): boolean {
  const tolerations = mapsOf(mapOf(pod.spec).tolerations);
  return taints
    .filter(({ key, effect }) => REPELLING.includes(effect) && !STATE_TAINT.test(key))
    .every((taint) => tolerations.some((toleration) => isTolerated(taint, toleration)));
}

/** As Kubernetes' `Toleration.ToleratesTaint` has it: what is left out matches everything. */
function isTolerated(taint: Taint, toleration: Fields): boolean {
  const [effect, key] = [stringOf(toleration.effect), stringOf(toleration.key)];
  if (effect !== undefined && effect !== taint.effect) return false;
  if (key !== undefined && key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  return key !== undefined && (stringOf(toleration.value) ?? '') === (taint.value ?? '');
}
