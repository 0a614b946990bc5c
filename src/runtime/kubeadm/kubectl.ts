/** kubectl on a master, as the cluster's administrator. */

import { setTimeout as sleep } from 'node:timers/promises';
import { SealerError } from '../../error.ts';
import type { Host, Output } from '../../hosts/host.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import type { Runtime, RuntimeContext } from '../runtime.ts';
import { joinHostPort } from './config/settings.ts';
import { isUnanswered } from './driver.ts';
import { ADMIN_CONF, COMMAND_ENV, KUBECTL } from './places.ts';

export interface MasterAccess {
  readonly kubectl: Runtime['kubectl'];
  liveMaster(): Promise<Host>;
  forget(address: string): void;
}

type Options = Parameters<Runtime['kubectl']>[1];

const PROBE_TIMEOUT_MS = 15_000;
const PAUSE_MS = 1000;

/**
 * Access to the first of the masters whose API answers. One that does not answer any more is left for the next.
 * @param port of the API servers
 * @param outlastMs how long to go on asking while none of them answers: where API servers are started again, and what is asked
 *   may be asked twice
 */
export function masterAccess(context: RuntimeContext, port: () => Promise<number>, outlastMs = 0): MasterAccess {
  const gone = new Set<string>();
  let live: Host | undefined;
  const run = async (host: Host, argv: readonly string[], options: Options): Promise<Output> =>
    kubectlOn(host, await port(), argv, { signal: context.signal, ...options });

  async function liveMaster(signal: AbortSignal = context.signal): Promise<Host> {
    if (live !== undefined && !gone.has(live.address)) return live;
    const apiPort = await port();
    let said: string[] = [];
    const ended = await poll<Host>(
      async (): Promise<Round<Host>> => {
        said = [];
        for (const host of context.masters.filter(({ address }) => !gone.has(address))) {
          const answer = await probe(host, apiPort, signal);
          if (answer === undefined) return { done: host };
          said.push(`${host.label}: ${answer}`);
        }
        return {};
      },
      { timeoutMs: outlastMs, signal },
    );
    live = ended?.value;
    if (live !== undefined) return live;
    throw new SealerError('CLUSTER_UNREACHABLE', `no master's API answers (${said.join('; ') || 'there is none'})`, {
      hint: 'Look at the log of the kubelet on the masters (journalctl -u kubelet), and at its static pods (crictl ps -a).',
    });
  }

  return {
    liveMaster: () => liveMaster(),
    forget(address) {
      gone.add(address);
      if (live?.address === address) live = undefined;
    },
    async kubectl(argv, options) {
      // Content of a stream cannot be sent twice.
      const canRepeat = typeof options?.stdin !== 'object' || options.stdin instanceof Uint8Array;
      const until = performance.now() + outlastMs;
      for (let round = 0; ; round++) {
        const host = await liveMaster(options?.signal).catch((error: unknown) => {
          if (options?.allowFailure === true && error instanceof SealerError) return error;
          throw error;
        });
        if (host instanceof Error) return { code: 1, stdout: '', stderr: host.message };
        const answer = await run(host, argv, { ...options, allowFailure: true });
        if (isUnanswered(answer)) live = undefined;
        const isFast = round < context.masters.length;
        if (isUnanswered(answer) && canRepeat && (isFast || performance.now() < until)) {
          if (!isFast) await sleep(PAUSE_MS, undefined, { signal: options?.signal ?? context.signal });
          continue;
        }
        if (answer.code === 0 || options?.allowFailure === true) return answer;
        throw new SealerError(
          'COMMAND_FAILED',
          `kubectl ${argv[0]} failed on ${host.label} (exit ${answer.code}): ${oneLine(answer.stderr, 600)}`,
        );
      }
    },
  };
}

/** kubectl against the API of one master, whatever the others do. */
export function kubectlOn(host: Host, port: number, argv: readonly string[], options: Options = {}): Promise<Output> {
  const server = `https://${joinHostPort(host.address, port)}`;
  return host.exec({
    argv: [KUBECTL, `--kubeconfig=${ADMIN_CONF}`, `--server=${server}`, ...argv],
    env: COMMAND_ENV,
    ...options,
  });
}

/** Why a master's API does not answer, or undefined if it does. */
export async function probe(host: Host, port: number, signal: AbortSignal | undefined): Promise<string | undefined> {
  try {
    const argv = ['get', '--raw', '/readyz', '--request-timeout=10s'];
    const answer = await kubectlOn(host, port, argv, { signal, timeoutMs: PROBE_TIMEOUT_MS, allowFailure: true });
    return answer.code === 0 ? undefined : oneLine(answer.stderr, 200) || `exit code ${answer.code}`;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SealerError) return error.message;
    throw error;
  }
}
