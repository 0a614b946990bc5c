/** Gathers what may explain why workloads are not ready: events, and the ends of logs. Secrets are never asked for. */

import type { KubernetesClient } from './client.ts';
import { type Fields, mapOf, mapsOf, numberOf, oneLine, stringOf } from './fields.ts';
import type { Judged, JudgedPod, Judgement } from './judge.ts';
import type { LogSource } from './pod.ts';
import { type ContainerLog, type PodState, type WorkloadState, workloadName } from './report.ts';

/** Of so many pods, and workloads without pods, the details are asked for; the others are like them. */
const MAX_DETAILED = 10;
const MAX_EVENTS = 20;
const MAX_LINES = 20;
const MAX_CONTAINERS = 5;
/** Bytes of a log that are read at most, whatever the length of its lines. */
const MAX_LOG = 64 * 1024;
/** A cluster that is not well may not answer: the report must come all the same. */
const PATIENCE_MS = 15_000;

/**
 * The states of workloads and pods, with details of those that are not ready. What cannot be had is left out.
 * @throws the signal's reason
 */
export async function diagnose(
  client: KubernetesClient,
  { workloads, pods }: Judgement,
  signal: AbortSignal | undefined,
): Promise<{ workloads: readonly WorkloadState[]; pods: readonly PodState[] }> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const within = signal === undefined ? patience : AbortSignal.any([signal, patience]);
  const latePods = pods.filter(({ state }) => !state.ready).slice(0, MAX_DETAILED);
  const late = workloads.filter(({ state }) => !state.ready && !hasPods(state, pods)).slice(0, MAX_DETAILED);
  const [podDetails, events] = await Promise.all([
    Promise.all(latePods.map(async (pod) => [pod, await podDetailsOf(client, pod, within)] as const)),
    Promise.all(
      late.map(async (each) => [each, await eventsOf(client, each.state.namespace, each.uid, within)] as const),
    ),
  ]);
  signal?.throwIfAborted();
  const ofPod = new Map(podDetails);
  const ofWorkload = new Map<Judged, readonly string[]>(events);
  return {
    workloads: workloads.map((each) => {
      const found = ofWorkload.get(each) ?? [];
      return found.length === 0 ? each.state : { ...each.state, events: found };
    }),
    pods: pods.map((each) => ({ ...each.state, ...ofPod.get(each) })),
  };
}

function hasPods(workload: WorkloadState, pods: readonly JudgedPod[]): boolean {
  return workload.kind === 'Pod' || pods.some(({ state }) => state.owner === workloadName(workload));
}

async function podDetailsOf(
  client: KubernetesClient,
  { pod, state }: JudgedPod,
  signal: AbortSignal,
): Promise<Pick<PodState, 'events' | 'logs'>> {
  const [events, logs] = await Promise.all([
    eventsOf(client, state.namespace, state.uid, signal),
    Promise.all(pod.logSources.slice(0, MAX_CONTAINERS).map((source) => logOf(client, state, source, signal))),
  ]);
  return { events, logs: logs.filter((log) => log !== undefined) };
}

async function logOf(
  client: KubernetesClient,
  { namespace, name }: PodState,
  { container, previous }: LogSource,
  signal: AbortSignal,
): Promise<ContainerLog | undefined> {
  const query = new URLSearchParams({ container, tailLines: String(MAX_LINES), limitBytes: String(MAX_LOG) });
  if (previous) query.set('previous', 'true');
  const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(name)}/log?${query}`;
  const text = await orNothing(client.text(path, signal));
  const lines = (text ?? '')
    .split('\n')
    .map((line) => oneLine(line))
    .filter((line) => line !== '')
    .slice(-MAX_LINES);
  return lines.length === 0 ? undefined : { container, ...(previous ? { previous } : {}), lines };
}

async function eventsOf(
  client: KubernetesClient,
  namespace: string,
  uid: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const query = new URLSearchParams({ fieldSelector: `involvedObject.uid=${uid}`, limit: '500' });
  const list = await orNothing(
    client.get(`/api/v1/namespaces/${encodeURIComponent(namespace)}/events?${query}`, signal),
  );
  return describeEvents(mapsOf(mapOf(list).items));
}

/**
 * Events as lines, the newest last. Those that say the same are one line, with their number.
 * @param events objects of the kind Event, in any order
 */
export function describeEvents(events: readonly Fields[]): readonly string[] {
  const merged = new Map<string, { readonly at: string; readonly count: number }>();
  for (const event of events) {
    const line = oneLine([stringOf(event.type), stringOf(event.reason)].filter((part) => part !== undefined).join(' '));
    const text = `${line}: ${oneLine(stringOf(event.message) ?? '')}`;
    const known = merged.get(text);
    const at = timeOf(event);
    const count = (known?.count ?? 0) + countOf(event);
    merged.set(text, { count, at: known !== undefined && known.at > at ? known.at : at });
  }
  return [...merged]
    .sort(([, a], [, b]) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0))
    .slice(-MAX_EVENTS)
    .map(([text, { count }]) => (count > 1 ? `${text} (×${count})` : text));
}

/** Events of the two APIs have their times and counts in different fields; RFC 3339 sorts as text. */
function timeOf(event: Fields): string {
  const series = mapOf(event.series);
  const times = [
    series.lastObservedTime,
    event.lastTimestamp,
    event.eventTime,
    mapOf(event.metadata).creationTimestamp,
  ];
  return times.map(stringOf).find((time) => time !== undefined) ?? '';
}

function countOf(event: Fields): number {
  return Math.max(1, numberOf(mapOf(event.series).count) ?? numberOf(event.count) ?? 1);
}

async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  return await answer.catch(() => undefined);
}
