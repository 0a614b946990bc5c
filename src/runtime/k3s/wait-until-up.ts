/** Waiting for a started k3s: until its API server is ready and its node is Ready, or until it is plain that it never will. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { waitForNode } from '../nodes/index.ts';
import type { NodeState } from '../runtime.ts';
import { type ServiceState, serviceLog, serviceState } from '../services/index.ts';
import { isApiReady, isUnreachable, type K3sCluster } from './cluster.ts';
import { type K3sRole, serviceName } from './services.ts';

export interface UpOptions {
  /** What its kubelet has to tell. */
  readonly version?: string | undefined;
}

/** How often the log is looked at while the service does not run, in milliseconds. */
const LOOK_MS = 5000;
/** A service that ends over and over with the same last words does not mend itself. */
const TIMES = 4;

/**
 * Waits until k3s on a host works: a server's own API, then its node.
 * @throws SealerError NODE_NOT_READY with what k3s says in its log, early if it ends again and again
 */
export async function waitUntilUp(
  cluster: K3sCluster,
  host: Host,
  role: K3sRole,
  { version }: UpOptions = {},
): Promise<NodeState> {
  const { context, limits, kubectl } = cluster;
  const { signal, now } = context;
  await waitForService(cluster, host, role);
  try {
    return await waitForNode(kubectl, host.address, { timeoutMs: limits.nodeMs, signal, now, version });
  } catch (error) {
    if (!(error instanceof SealerError) || error.code !== 'NODE_NOT_READY') throw error;
    throw notReady(host, role, error.message, await lastWords(host, role, signal));
  }
}

async function waitForService(cluster: K3sCluster, host: Host, role: K3sRole): Promise<void> {
  const { context, limits } = cluster;
  const name = serviceName(role);
  const failures = { words: '', times: 0, lookedAt: -Infinity };
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const state = await stateOf(host, name, within);
      const isUp = role === 'server' ? await isApiReady(host, context, within) : state === 'active';
      if (isUp) return { done: true };
      if (state === 'active' || context.now() - failures.lookedAt < LOOK_MS) return {};
      failures.lookedAt = context.now();
      const words = fatal(await lastWords(host, role, within));
      failures.times = words !== '' && words === failures.words ? failures.times + 1 : 1;
      failures.words = words;
      if (words !== '' && failures.times >= TIMES) throw notReady(host, role, 'it ends again and again', words);
      return {};
    },
    { timeoutMs: limits.serverMs, signal: context.signal },
  );
  if (ended !== undefined) return;
  const seconds = Math.round(limits.serverMs / 1000);
  const why = await lastWords(host, role, context.signal);
  throw notReady(host, role, `${name} is not ready after ${seconds} s`, why);
}

/** A host that is away for a moment is waited for as well. */
async function stateOf(host: Host, name: string, signal: AbortSignal): Promise<ServiceState | 'unknown'> {
  try {
    return await serviceState(host, name, { signal });
  } catch (error) {
    if (isUnreachable(error)) return 'unknown';
    throw error;
  }
}

async function lastWords(host: Host, role: K3sRole, signal: AbortSignal): Promise<string> {
  try {
    const log = await serviceLog(host, serviceName(role), 40, { signal });
    const lines = log.split('\n');
    const bad = lines.filter((line) => /level=(?:fatal|error)|\bFATA|panic:/.test(line));
    return (bad.length > 0 ? bad : lines)
      .slice(-3)
      .map((line) => line.replace(/^(?:time="[^"]*" ?)?(?:level=\w+ ?)?/, ''))
      .join('; ');
  } catch (error) {
    if (isUnreachable(error)) return '';
    throw error;
  }
}

/** The words that end k3s for a reason which time does not mend. */
function fatal(words: string): string {
  const found =
    /critical configuration value mismatch|Node password rejected|token CA hash does not match|not authorized|bootstrap data already found|flag provided but not defined|invalid|failed to validate token|no default routes? found/i.exec(
      words,
    );
  return found === null ? '' : words.slice(found.index);
}

function notReady(host: Host, role: K3sRole, what: string, log: string): SealerError {
  const name = serviceName(role);
  const said = log === '' ? '' : `; its log says: ${oneLine(log, 600)}`;
  return new SealerError('NODE_NOT_READY', `${host.label}: ${what}${said}`, {
    hint:
      hintOf(log) ?? `Look at \`journalctl -u ${name}\` on ${host.address}, mend it, and run the same command again.`,
  });
}

function hintOf(log: string): string | undefined {
  if (/Node password rejected/i.test(log)) {
    return 'Another host with this name was a member: remove it first, or give this host another hostname.';
  }
  if (/critical configuration value mismatch/i.test(log)) {
    return 'Servers have to be alike: look at /etc/rancher/k3s/config.yaml on both.';
  }
  return undefined;
}
