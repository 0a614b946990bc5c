/** What is told about the workloads of a cluster, and how people read it. */

import type { ContainerImageUse } from './pod.ts';
import type { WorkloadKind } from './rollout.ts';

export interface WorkloadReport {
  /** All were rolled out, and stayed so. */
  readonly ready: boolean;
  readonly elapsedMs: number;
  readonly workloads: readonly WorkloadState[];
  readonly pods: readonly PodState[];
  /** Why nothing newer is known: the API did not answer any more. */
  readonly problem?: string;
}

export interface WorkloadState {
  readonly kind: WorkloadKind;
  readonly namespace: string;
  readonly name: string;
  readonly ready: boolean;
  /** What is missing; also what is to be known of one that counts as ready (`it is suspended`). */
  readonly why?: string;
  /** Of one that is not ready and has no pods: what the API says happened to it, the newest last. */
  readonly events?: readonly string[];
}

export interface PodState {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** The workload that it belongs to in the end: `Deployment shop/web`. */
  readonly owner?: string;
  /** Ready, or done with its work. */
  readonly ready: boolean;
  readonly images: readonly ContainerImageUse[];
  /** What keeps it from getting ready. */
  readonly problem?: string;
  /** What happened to it, the newest last; only for pods that are not ready. */
  readonly events: readonly string[];
  /** The last lines of its containers that are not well. */
  readonly logs: readonly ContainerLog[];
}

export interface ContainerLog {
  readonly container: string;
  /** Of the run before the present one. */
  readonly previous?: boolean;
  readonly lines: readonly string[];
}

/** A container image and the pod that uses it. */
export interface PodImage extends ContainerImageUse {
  readonly namespace: string;
  readonly pod: string;
  readonly owner?: string;
}

/** Every image that the pods use. */
export function podImages(report: WorkloadReport): readonly PodImage[] {
  return report.pods.flatMap(({ namespace, name, owner, images }) =>
    images.map((image) => ({ ...image, namespace, pod: name, ...(owner === undefined ? {} : { owner }) })),
  );
}

/** `Deployment shop/web`. */
export function workloadName({ kind, namespace, name }: { kind: string; namespace: string; name: string }): string {
  return `${kind} ${namespace}/${name}`;
}

/**
 * What is not ready, as lines for people: which, why, what happened, and the last lines of its logs. No lines when all is
 * well.
 */
export function describeWorkloads(report: WorkloadReport): readonly string[] {
  const late = report.workloads.filter(({ ready }) => !ready);
  const lines = late.flatMap((workload) => {
    const pods = report.pods.filter((pod) => !pod.ready && isOf(pod, workload));
    return [
      `${workloadName(workload)}: ${workload.why ?? 'is not ready'}`,
      ...(workload.events ?? []).map((event) => `  event: ${event}`),
      ...pods.flatMap((pod) => describePod(pod, workload.kind === 'Pod' && workload.why === pod.problem)),
    ];
  });
  return report.problem === undefined ? lines : [...lines, report.problem];
}

function isOf(pod: PodState, workload: WorkloadState): boolean {
  if (workload.kind !== 'Pod') return pod.owner === workloadName(workload);
  return pod.namespace === workload.namespace && pod.name === workload.name;
}

function describePod(pod: PodState, isProblemTold: boolean): readonly string[] {
  return [
    ...(isProblemTold ? [] : [`  pod ${pod.name}: ${pod.problem ?? 'is not ready'}`]),
    ...pod.events.map((event) => `    event: ${event}`),
    ...pod.logs.flatMap(({ container, previous, lines }) => [
      `    last lines of ${container}${previous === true ? ', before it was started again' : ''}:`,
      ...lines.map((line) => `      | ${line}`),
    ]),
  ];
}
