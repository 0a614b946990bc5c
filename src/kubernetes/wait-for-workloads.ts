/** Waits until everything that runs in a cluster is rolled out, and nothing more appears. */

import type { Report } from '../progress.ts';
import type { KubernetesClient } from './client.ts';
import { mayPass } from './connection-error.ts';
import { diagnose } from './diagnose.ts';
import { readInventory } from './inventory.ts';
import { type Judgement, judge } from './judge.ts';
import { poll } from './poll.ts';
import { type PodState, type WorkloadReport, workloadName } from './report.ts';

export interface WaitForWorkloadsOptions {
  readonly timeoutMs: number;
  /** How long everything has to stay ready, with nothing new appearing: operators make things later. */
  readonly settleMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly report: Report;
  /** Uids of what does not count (`workloadUids` before the launch); nor does what it owns. */
  readonly ignore?: ReadonlySet<string>;
  /** Whether a pod that is not ready is not worth waiting for, because of an image that is nowhere, for instance. */
  readonly failFast?: ((pod: PodState) => boolean) | undefined;
  /** Asked at each look: whether there is nothing to wait for any more. */
  readonly isHopeless?: (() => boolean) | undefined;
}

/** How often the progress may speak, in milliseconds. */
const SPEAK_MS = 2000;
const TASK = 'workloads';

/**
 * Waits for Deployments, StatefulSets, DaemonSets, Jobs and what is like them, in all namespaces, until all are ready and
 * have stayed so. Ends early when a Job (or a Pod that nobody owns) has failed for good, or when
 * `failFast` or `isHopeless` says so. An API
 * that goes away is waited for. Custom resources are not looked at, whatever their conditions say: what their operators
 * make is.
 * @returns `ready: false` when the time is over, with events and logs of what is not ready
 * @throws SealerError CLUSTER_UNREACHABLE if the cluster's certificate is not to be trusted; the signal's reason
 */
export async function waitForWorkloads(
  client: KubernetesClient,
  options: WaitForWorkloadsOptions,
): Promise<WorkloadReport> {
  const { timeoutMs, signal, ignore = new Set() } = options;
  const startedAt = performance.now();
  const progress = speak(options.report);
  const settling = settle(options.settleMs);
  let last: Judgement | undefined;
  let problem: string | undefined;
  let outcome: 'done' | 'failed' | 'cancelled' = 'cancelled';
  try {
    const ended = await poll<boolean>(
      async (within) => {
        const judgement = await readInventory(client, within).then(
          (inventory) => judge(inventory, ignore),
          (error: unknown) => {
            if (!mayPass(error)) throw error;
            problem = error.message;
            return undefined;
          },
        );
        if (judgement === undefined) {
          settling.interrupt();
          return {};
        }
        last = judgement;
        problem = undefined;
        const left = settling.left(judgement);
        if (left !== undefined && left <= 0) return { done: true };
        progress(judgement, left);
        return isHopeless(judgement, options) ? { done: false } : left === undefined ? {} : { atMostMs: left };
      },
      { timeoutMs, signal },
    );
    const ready = ended?.value === true;
    const states = await statesOf(client, last, ready, signal);
    outcome = ready ? 'done' : 'failed';
    const elapsedMs = performance.now() - startedAt;
    return { ready, elapsedMs, ...states, ...(problem === undefined ? {} : { problem }) };
  } finally {
    options.report({ type: 'end', id: TASK, outcome });
  }
}

/**
 * The uids of all workloads and pods that there are.
 * @throws SealerError CLUSTER_UNREACHABLE, CLUSTER_API_ERROR
 */
export async function workloadUids(client: KubernetesClient, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const { workloads, pods } = await readInventory(client, signal);
  return new Set([...workloads, ...pods].map(({ uid }) => uid));
}

/** Keeps the time for which all was ready and nothing appeared. */
function settle(settleMs: number): {
  /** Milliseconds that are left to wait; undefined as long as something is not ready. */
  left(judgement: Judgement): number | undefined;
  /** What happened meanwhile is not known. */
  interrupt(): void;
} {
  const seen = new Set<string>();
  let quietSince: number | undefined;
  return {
    left({ workloads, uids }) {
      const before = seen.size;
      for (const uid of uids) seen.add(uid);
      const isQuiet = seen.size === before && workloads.every(({ state }) => state.ready);
      if (!isQuiet) quietSince = undefined;
      if (!workloads.every(({ state }) => state.ready)) return undefined;
      quietSince ??= performance.now();
      return quietSince + settleMs - performance.now();
    },
    interrupt() {
      quietSince = undefined;
    },
  };
}

function isHopeless({ workloads, pods }: Judgement, { failFast, isHopeless }: WaitForWorkloadsOptions): boolean {
  if (workloads.some(({ isLost }) => isLost) || isHopeless?.() === true) return true;
  return failFast !== undefined && pods.some(({ state }) => !state.ready && failFast(state));
}

async function statesOf(
  client: KubernetesClient,
  judgement: Judgement | undefined,
  ready: boolean,
  signal: AbortSignal | undefined,
): Promise<Pick<WorkloadReport, 'workloads' | 'pods'>> {
  if (judgement === undefined) return { workloads: [], pods: [] };
  if (!ready) return await diagnose(client, judgement, signal);
  return {
    workloads: judgement.workloads.map(({ state }) => state),
    pods: judgement.pods.map(({ state }) => state),
  };
}

/** Tells how far it is, when that has changed, and not too often. */
function speak(report: Report): (judgement: Judgement, left: number | undefined) => void {
  report({ type: 'start', id: TASK, label: 'workloads', unit: 'items' });
  let told = 0;
  let line = '';
  let spokeAt = -Infinity;
  return ({ workloads }, left) => {
    const ready = workloads.filter(({ state }) => state.ready).length;
    if (ready > told) {
      report({ type: 'advance', id: TASK, delta: ready - told });
      told = ready;
    }
    const now = performance.now();
    const next = sentence(workloads, ready, left !== undefined);
    if (next === line || now - spokeAt < SPEAK_MS) return;
    line = next;
    spokeAt = now;
    report({ type: 'output', id: TASK, line });
  };
}

function sentence(workloads: Judgement['workloads'], ready: number, isSettling: boolean): string {
  const head = `${ready} of ${workloads.length} workloads ready`;
  if (isSettling) return `${head}; watching whether more appear`;
  const late = workloads.filter(({ state }) => !state.ready);
  const [first] = late;
  if (first === undefined) return head;
  const more = late.length > 1 ? ` (and ${late.length - 1} more)` : '';
  return `${head}; waiting for ${workloadName(first.state)}: ${first.state.why ?? 'not ready'}${more}`;
}
