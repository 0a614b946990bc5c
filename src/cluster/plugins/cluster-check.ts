/** CLUSTERCHECK: waits until all nodes are Ready and everything in kube-system runs. */

import { type Fields, isTrue, mapOf, mapsOf, oneLine, stringOf } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import type { Runtime } from '../../runtime/runtime.ts';
import type { PluginCall } from './context.ts';
import { pluginFailed } from './failure.ts';

export async function checkCluster(call: PluginCall): Promise<readonly string[]> {
  const { context, spec } = call;
  const { kubectl } = context;
  if (kubectl === undefined) throw pluginFailed(call, 'the cluster', 'there is no cluster yet');
  let missing: readonly string[] = ['nothing was asked yet'];
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      missing = await whatIsMissing(kubectl, within);
      return missing.length === 0 ? { done: true } : {};
    },
    { timeoutMs: spec.timeoutMs, signal: context.signal, slowestMs: 5000 },
  );
  if (ended !== undefined) return ['all nodes are Ready, and everything in kube-system runs'];
  throw pluginFailed(call, 'the cluster', `not ready after ${spec.timeoutMs / 1000} s`, missing.slice(0, 20));
}

/** What is not ready yet, a line for each. */
async function whatIsMissing(kubectl: Runtime['kubectl'], signal: AbortSignal): Promise<readonly string[]> {
  const nodes = await itemsOf(kubectl, ['get', 'nodes', '-o', 'json'], signal);
  if ('error' in nodes) return [nodes.error];
  const pods = await itemsOf(kubectl, ['get', 'pods', '-n', 'kube-system', '-o', 'json'], signal);
  if ('error' in pods) return [pods.error];
  const idle = nodes.items.filter((node) => !isTrue(mapOf(node.status), 'Ready'));
  const late = pods.items.filter((pod) => !isRunning(mapOf(pod.status)));
  return [
    ...(nodes.items.length === 0 ? ['there is no node'] : []),
    ...idle.map((node) => `node ${nameOf(node)} is not Ready`),
    ...(pods.items.length === 0 ? ['there is no pod in kube-system'] : []),
    ...late.map((pod) => `pod ${nameOf(pod)} is ${stringOf(mapOf(pod.status).phase) ?? 'unknown'}${reasonOf(pod)}`),
  ];
}

async function itemsOf(
  kubectl: Runtime['kubectl'],
  argv: readonly string[],
  signal: AbortSignal,
): Promise<{ readonly items: readonly Fields[] } | { readonly error: string }> {
  const { code, stdout, stderr } = await kubectl(argv, { signal, allowFailure: true });
  if (code !== 0) return { error: `the API does not answer: ${oneLine(stderr, 200)}` };
  try {
    return { items: mapsOf(mapOf(JSON.parse(stdout)).items) };
  } catch {
    return { error: `kubectl printed no JSON: ${oneLine(stdout, 100)}` };
  }
}

/** Pods of finished jobs are fine. */
function isRunning(status: Fields): boolean {
  return status.phase === 'Succeeded' || (status.phase === 'Running' && isTrue(status, 'Ready'));
}

function nameOf(item: Fields): string {
  return stringOf(mapOf(item.metadata).name) ?? '?';
}

function reasonOf(pod: Fields): string {
  const waiting = mapsOf(mapOf(pod.status).containerStatuses).map((each) => mapOf(mapOf(each.state).waiting).reason);
  const reason = waiting.map(stringOf).find((each) => each !== undefined);
  return reason === undefined ? '' : ` (${reason})`;
}
