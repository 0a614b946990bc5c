/** What the API tells about a node, as far as a runtime has to know it. */

import { type Fields, isTrue, mapOf, mapsOf, stringOf } from '../../kubernetes/fields.ts';
import type { NodeState } from '../runtime.ts';

/** Kubernetes up to 1.23 labels masters `master`, from 1.20 on `control-plane` as well. */
const MASTER_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

/** A Node object as NodeState. */
export function nodeState(node: Fields): NodeState {
  const [metadata, spec, status] = [mapOf(node.metadata), mapOf(node.spec), mapOf(node.status)];
  const labels = textsOf(metadata.labels);
  return {
    name: stringOf(metadata.name) ?? '',
    address:
      mapsOf(status.addresses).flatMap((each) => (each.type === 'InternalIP' ? [stringOf(each.address)] : []))[0] ?? '',
    role: MASTER_LABELS.some((label) => label in labels) ? 'master' : 'node',
    isReady: isTrue(status, 'Ready'),
    isSchedulable: spec.unschedulable !== true,
    version: stringOf(mapOf(status.nodeInfo).kubeletVersion) ?? '',
    labels,
    taints: mapsOf(spec.taints).map((taint) => ({
      key: stringOf(taint.key) ?? '',
      value: stringOf(taint.value),
      effect: stringOf(taint.effect) ?? '',
    })),
  };
}

/** Why a node is not Ready, in one line: its conditions that say so, with their reasons. */
export function describeConditions(node: Fields): string {
  const conditions = mapsOf(mapOf(node.status).conditions);
  const bad = conditions.filter((each) => (each.type === 'Ready') !== (each.status === 'True'));
  if (conditions.length === 0) return 'its kubelet has not told anything yet';
  if (bad.length === 0) return 'Ready';
  return bad
    .map((each) =>
      [`${each.type}=${each.status}`, stringOf(each.reason), stringOf(each.message)].filter(Boolean).join(' '),
    )
    .join('; ');
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(mapOf(value)).map(([key, each]) => [key, String(each)]));
}
