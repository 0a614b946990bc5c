/** What a pod's object tells: its images, how its containers are, and what is wrong. Pure. */

import { conditionOf, type Fields, isTrue, listOf, mapOf, mapsOf, numberOf, oneLine, stringOf } from './fields.ts';
import type { Rollout } from './rollout.ts';

export interface ContainerImageUse {
  /** The container's name; `volume …` for a volume that is an image. */
  readonly container: string;
  /** As the pod names it. */
  readonly image: string;
  /** What the node has for it, as the container runtime writes it; it has none until the container was made. */
  readonly imageId?: string;
}

/** A container of which a log may say why the pod is not ready. */
export interface LogSource {
  readonly container: string;
  /** Of the run before the present one. */
  readonly previous: boolean;
}

/**
 * The rule of `kubectl wait --for=condition=Ready`; and a pod that did its work is as good. A static pod needs only run: the
 * API that tells of it stands on the likes of it, and kubelets before 1.21 notice the end of a startup probe up to 90 s late.
 */
export function podRollout(object: Fields, _spec: Fields, status: Fields): Rollout {
  if (status.phase === 'Succeeded' || isTrue(status, 'Ready') || isRunningStatic(object)) return { ready: true };
  const why = podProblem(object) ?? 'it is not ready';
  // Pods never leave this phase.
  return status.phase === 'Failed' ? { ready: false, why, isFinal: true } : { ready: false, why };
}

/** Whether it is the mirror of a static pod (its kubelet annotates it) with all containers running. */
function isRunningStatic({ metadata, spec, status }: Fields): boolean {
  if (mapOf(mapOf(metadata).annotations)['kubernetes.io/config.mirror'] === undefined) return false;
  const running = mapsOf(mapOf(status).containerStatuses).filter(({ state }) => mapOf(state).running !== undefined);
  return running.length > 0 && running.length === mapsOf(mapOf(spec).containers).length;
}

/** All images that a pod uses. */
export function imagesOf(object: Fields): readonly ContainerImageUse[] {
  const spec = mapOf(object.spec);
  const statuses = new Map(statusesOf(object).map((status) => [stringOf(status.name), status]));
  const containers = CONTAINER_LISTS.flatMap((list) => mapsOf(spec[list]));
  return [
    ...containers.flatMap(({ name, image }): ContainerImageUse[] => {
      const container = stringOf(name);
      const used = stringOf(image);
      if (container === undefined || used === undefined) return [];
      const imageId = stringOf(statuses.get(container)?.imageID);
      return [{ container, image: used, ...(imageId === undefined ? {} : { imageId }) }];
    }),
    ...mapsOf(spec.volumes).flatMap((volume): ContainerImageUse[] => {
      const image = stringOf(mapOf(volume.image).reference);
      return image === undefined ? [] : [{ container: `volume ${stringOf(volume.name) ?? ''}`, image }];
    }),
  ];
}

const CONTAINER_LISTS = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** What keeps a pod from getting ready, as one line; undefined where nothing says so. */
export function podProblem(object: Fields): string | undefined {
  const status = mapOf(object.status);
  if (status.phase === 'Succeeded' || isTrue(status, 'Ready')) return undefined;
  const own = said(status);
  const scheduled = conditionOf(status, 'PodScheduled');
  const parts = [
    own === undefined ? undefined : `${stringOf(status.phase) ?? 'status'}: ${own}`,
    scheduled?.status === 'False' ? said(scheduled) : undefined,
    ...statusesOf(object).map(containerProblem),
  ].filter((part) => part !== undefined);
  if (parts.length > 0) return oneLine(parts.join('; '), 1000);
  const gate = conditionOf(status, 'Ready');
  const phase = stringOf(status.phase);
  return (gate === undefined ? undefined : said(gate)) ?? (phase === undefined ? undefined : `it is ${phase}`);
}

/** The logs that may say why a pod is not ready. Containers that never ran have none. */
export function logSources(object: Fields): readonly LogSource[] {
  return statusesOf(object).flatMap((status): LogSource[] => {
    const container = stringOf(status.name);
    const { terminated, running } = mapOf(status.state);
    const ranBefore = mapOf(status.lastState).terminated !== undefined || (numberOf(status.restartCount) ?? 0) > 0;
    if (container === undefined || (running !== undefined && status.ready === true)) return [];
    if (terminated !== undefined && mapOf(terminated).exitCode === 0) return [];
    return [
      ...(ranBefore ? [{ container, previous: true }] : []),
      ...(running !== undefined || terminated !== undefined ? [{ container, previous: false }] : []),
    ];
  });
}

function statusesOf(object: Fields): readonly Fields[] {
  const status = mapOf(object.status);
  return STATUS_LISTS.flatMap((list) => listOf(status[list])).map(mapOf);
}

const STATUS_LISTS = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'] as const;

/** Reasons that every container has for a moment, and that explain nothing. */
const ORDINARY = ['ContainerCreating', 'PodInitializing'];

function containerProblem(status: Fields): string | undefined {
  const { waiting, terminated, running } = mapOf(status.state);
  const name = `container ${stringOf(status.name) ?? '?'}`;
  const last = mapOf(status.lastState).terminated;
  const before = last === undefined ? '' : `; it ended before with ${endOf(mapOf(last))}`;
  if (waiting !== undefined) {
    const says = said(mapOf(waiting));
    const isOrdinary = ORDINARY.includes(stringOf(mapOf(waiting).reason) ?? '') && last === undefined;
    return isOrdinary || says === undefined ? undefined : `${name}: ${says}${before}`;
  }
  if (terminated !== undefined) {
    return mapOf(terminated).exitCode === 0 ? undefined : `${name} ended with ${endOf(mapOf(terminated))}`;
  }
  return running !== undefined && status.ready === false ? `${name} runs and is not ready${before}` : undefined;
}

function endOf(terminated: Fields): string {
  const signal = numberOf(terminated.signal) ?? 0;
  const how = signal === 0 ? `exit code ${numberOf(terminated.exitCode) ?? '?'}` : `signal ${signal}`;
  const says = said(terminated);
  return says === undefined ? how : `${how} (${says})`;
}

function said(of: Fields): string | undefined {
  const parts = [stringOf(of.reason), stringOf(of.message)].filter((part) => part !== undefined);
  return parts.length === 0 ? undefined : parts.join(': ');
}
