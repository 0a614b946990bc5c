/** What all parts of the driver work with: a k3s cluster as one run sees it. */

import { SealerError } from '../../error.ts';
import type { Host, Output } from '../../hosts/host.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import type { Runtime, RuntimeContext } from '../runtime.ts';
import { dataDirOf, K3S, KUBECONFIG, type OwnFiles, ownFiles, portOf } from './paths.ts';
import { shareAnswers } from './share-answers.ts';

type Kubectl = Runtime['kubectl'];
type KubectlOptions = Parameters<Kubectl>[1];

export interface K3sCluster {
  readonly context: RuntimeContext;
  readonly dataDir: string;
  readonly port: number;
  readonly files: OwnFiles;
  readonly limits: Limits;
  /** On a master that answers. */
  readonly kubectl: Kubectl;
  /** The masters without those that are about to go. */
  masters(): readonly Host[];
  /** Nothing is asked of this master any more. */
  leave(address: string): void;
  /** A master whose API server is ready. @throws SealerError CLUSTER_UNREACHABLE */
  liveMaster(): Promise<Host>;
}

/** How long things may take, in milliseconds. */
export interface Limits {
  /** From the start of a server until its API server is ready: it imports the images before. */
  readonly serverMs: number;
  readonly nodeMs: number;
  /** Until a server that leaves is no member of etcd. */
  readonly leaveMs: number;
  readonly drainMs: number;
}

export const LIMITS: Limits = {
  serverMs: 10 * 60_000,
  nodeMs: 8 * 60_000,
  leaveMs: 3 * 60_000,
  drainMs: 5 * 60_000,
};

/** Agents that join at a time (k3s docs: reference/resource-profiling). */
export const JOINS_AT_A_TIME = 50;
export const DRAINS_AT_A_TIME = 4;
export const HOSTS_AT_A_TIME = 32;

/** What kubectl says when nothing listens: nothing was done, so another master can be asked. */
const NOT_THERE = /connection refused|was refused|connect: no route|network is unreachable|no such file or directory/i;

export function createCluster(context: RuntimeContext, limits: Limits = LIMITS): K3sCluster {
  const gone = new Set<string>();
  let last: Host | undefined;
  const masters = (): readonly Host[] => {
    const all = context.masters.filter(({ address }) => !gone.has(address));
    return last !== undefined && all.includes(last) ? [last, ...all.filter((host) => host !== last)] : all;
  };
  const ask: Kubectl = async (argv, options = {}) => {
    let failure: unknown = unreachable('the cluster has no master');
    let answer: Output | undefined;
    for (const host of masters()) {
      try {
        answer = await kubectlOn(host, context, argv, { ...options, allowFailure: true });
      } catch (error) {
        if (!isUnreachable(error)) throw error;
        failure = error;
        continue;
      }
      if (answer.code === 0 || !NOT_THERE.test(answer.stderr)) {
        last = host;
        return settle(host, argv, answer, options);
      }
    }
    if (answer === undefined) throw failure;
    return settle(masters()[0], argv, answer, options);
  };
  return {
    context,
    dataDir: dataDirOf(context),
    port: portOf(context),
    files: ownFiles(context.home),
    limits,
    kubectl: shareAnswers(ask),
    masters,
    leave: (address) => {
      gone.add(address);
      if (last?.address === address) last = undefined;
    },
    liveMaster: async () => {
      for (const host of masters()) {
        if (await isApiReady(host, context)) {
          last = host;
          return host;
        }
      }
      const names = masters().map(({ label }) => label);
      throw unreachable(`the API server is ready on none of ${names.join(', ') || 'no masters'}`);
    },
  };
}

/** Whether the API server of this very host is ready; false as well if the host cannot be reached. */
export async function isApiReady(host: Host, context: RuntimeContext, signal?: AbortSignal): Promise<boolean> {
  try {
    const options = { allowFailure: true, timeoutMs: 20_000, signal: signal ?? context.signal };
    return (await kubectlOn(host, context, ['get', '--raw', '/readyz'], options)).code === 0;
  } catch (error) {
    if (isUnreachable(error)) return false;
    throw error;
  }
}

/** Whether an error says that a host, and not the work, is the matter. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof SealerError && (error.code === 'HOST_UNREACHABLE' || error.code === 'HOST_TIMEOUT');
}

/** Tells people what is done. */
export function say({ context }: K3sCluster, message: string, level: 'info' | 'warning' = 'info'): void {
  context.report({ type: 'note', level, message });
}

function kubectlOn(
  host: Host,
  context: RuntimeContext,
  argv: readonly string[],
  options: KubectlOptions,
): Promise<Output> {
  return host.exec({
    argv: [K3S, 'kubectl', ...argv],
    // kubectl keeps a cache in its home: it goes with our folder.
    env: { KUBECONFIG, HOME: context.home },
    ...options,
    signal: options?.signal ?? context.signal,
  });
}

function settle(host: Host | undefined, argv: readonly string[], answer: Output, options: KubectlOptions): Output {
  if (answer.code === 0 || options?.allowFailure === true) return answer;
  throw new SealerError(
    'COMMAND_FAILED',
    `kubectl ${argv.slice(0, 4).join(' ')} failed on ${host?.label ?? 'the masters'}: ${oneLine(answer.stderr, 600)}`,
    { hint: 'Mend what it says, and run the same command again.' },
  );
}

function unreachable(message: string): SealerError {
  return new SealerError('CLUSTER_UNREACHABLE', message, {
    hint: 'Look at `systemctl status k3s` on the masters.',
  });
}
