/** Waits until a cluster that starts can run something. */

import { SealerError } from '../error.ts';
import type { Report } from '../progress.ts';
import { type KubernetesClient, parseJson, saying } from './client.ts';
import { mayPass } from './connection-error.ts';
import { conditionOf, isTrue, listOf, mapOf, mapsOf, oneLine, stringOf } from './fields.ts';
import { poll, type Round } from './poll.ts';

export interface WaitForClusterOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly report: Report;
}

const TASK = 'cluster';
/** Somebody waits for the cluster alone, and the questions are cheap. */
const SLOWEST_MS = 500;

/** What must hold, in the order in which it comes to hold. Each tells what is still missing, or nothing. */
const CONDITIONS: readonly {
  readonly name: string;
  readonly missing: (client: KubernetesClient, signal: AbortSignal) => Promise<string | undefined>;
}[] = [
  { name: 'the API is ready (/readyz)', missing: apiMissing },
  { name: 'a node is Ready', missing: nodeMissing },
  { name: 'the default service account is there', missing: serviceAccountMissing },
];

/**
 * Waits until the API says that it is ready, one node is Ready, and the default service account is there, without which
 * no pod can be made.
 * @throws SealerError CLUSTER_NOT_READY, which says which was missing and what the last answer was; CLUSTER_UNREACHABLE if
 *   the cluster's certificate is not to be trusted; the signal's reason
 */
export async function waitForCluster(client: KubernetesClient, options: WaitForClusterOptions): Promise<void> {
  const { timeoutMs, signal, report } = options;
  report({ type: 'start', id: TASK, label: 'cluster', unit: 'items', total: CONDITIONS.length });
  let reached = 0;
  let missing = 'nothing was asked yet';
  let outcome: 'done' | 'failed' | 'cancelled' = 'cancelled';
  try {
    const ended = await poll<true>(
      async (within): Promise<Round<true>> => {
        for (const [i, condition] of CONDITIONS.entries()) {
          const answer = await condition.missing(client, within).catch((error: unknown) => {
            if (mayPass(error)) return error.message;
            throw error;
          });
          if (answer !== undefined) {
            missing = `${condition.name}: not yet. ${answer}`;
            return {};
          }
          if (i < reached) continue;
          reached += 1;
          report({ type: 'advance', id: TASK, delta: 1 });
        }
        return { done: true };
      },
      { timeoutMs, signal, slowestMs: SLOWEST_MS },
    );
    outcome = ended === undefined ? 'failed' : 'done';
    if (ended === undefined) throw notReady(timeoutMs, missing);
  } finally {
    report({ type: 'end', id: TASK, outcome });
  }
}

async function apiMissing(client: KubernetesClient, signal: AbortSignal): Promise<string | undefined> {
  const answer = await client.ask('/readyz?verbose', signal, 'text/plain, */*');
  if (answer.status === 200) return undefined;
  // `[-]etcd failed: reason withheld`, between all the checks that are well.
  const failed = answer.text.split('\n').filter((line) => line.startsWith('[-]'));
  return failed.length === 0 ? saying(answer) : oneLine(failed.join(', '));
}

async function nodeMissing(client: KubernetesClient, signal: AbortSignal): Promise<string | undefined> {
  const nodes = mapsOf(mapOf(await client.get('/api/v1/nodes?limit=50', signal)).items);
  if (nodes.some((node) => isTrue(mapOf(node.status), 'Ready'))) return undefined;
  const [node] = nodes;
  if (node === undefined) return 'No node has joined.';
  const condition = conditionOf(mapOf(node.status), 'Ready') ?? {};
  const why = [stringOf(condition.reason), stringOf(condition.message)].filter((part) => part !== undefined).join(': ');
  const name = stringOf(mapOf(node.metadata).name) ?? '?';
  return oneLine(`The node ${name} ${why === '' ? 'says nothing of itself yet' : `says ${why}`}`);
}

const SERVICE_ACCOUNT = '/api/v1/namespaces/default/serviceaccounts/default';

async function serviceAccountMissing(client: KubernetesClient, signal: AbortSignal): Promise<string | undefined> {
  const answer = await client.ask(SERVICE_ACCOUNT, signal);
  if (answer.status !== 200) return saying(answer);
  const account = mapOf(parseJson(SERVICE_ACCOUNT, answer.text));
  if (listOf(account.secrets).length > 0 || account.automountServiceAccountToken === false) return undefined;
  // Until 1.20 a pod mounts a secret with the account's token, and is refused as long as there is none.
  const version = mapOf(await client.get('/version', signal));
  const minor = Number.parseInt(stringOf(version.minor) ?? '', 10);
  return version.major === '1' && minor <= 20 ? 'It has no token yet.' : undefined;
}

function notReady(timeoutMs: number, missing: string): SealerError {
  return new SealerError('CLUSTER_NOT_READY', `The cluster was not ready after ${timeoutMs / 1000} s: ${missing}`, {
    hint: 'Look at its log; a slow machine may need a longer timeout.',
  });
}
