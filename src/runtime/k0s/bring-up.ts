/** From an installed program to a service that is ready. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import { poll, type Round } from '../../kubernetes/poll.ts';
import { restartService, serviceLog, startService } from '../services/index.ts';
import { type K0sCluster, runK0s } from './cluster.ts';
import { whyNotReady } from './masters.ts';
import { type Observed, observeHost } from './observe.ts';
import { CONTROLLER, type Service, WORKER } from './paths.ts';

/**
 * Installs the service where it is not, and starts it. One that runs without getting anywhere (its token was of an earlier
 * try) is started again.
 * @throws SealerError HOST_UNFIT if the host has the other role
 */
export async function startK0s(
  cluster: K0sCluster,
  host: Host,
  service: Service,
  install: readonly [string, ...string[]],
): Promise<void> {
  const { signal } = cluster.context;
  const found = await observeHost(host, signal);
  if (found.service !== undefined && found.service !== service) throw otherRole(host, found);
  if (found.service === undefined) {
    await runK0s(cluster, host, install);
    await startService(host, service, { signal, isDetached: true });
    return;
  }
  await restartService(host, service, { signal, isDetached: true });
}

/**
 * Waits until the controller on a host answers and its API server is ready.
 * @param version what the process has to be; undefined: whatever it is
 * @throws SealerError NODE_NOT_READY with the last lines of its log
 */
export async function waitForController(cluster: K0sCluster, host: Host, version?: string): Promise<void> {
  const { context, limits } = cluster;
  let missing = 'it was not asked yet';
  const ended = await poll<true>(
    async (within): Promise<Round<true>> => {
      const found = await askKindly(host, within);
      if (found === undefined || !found.isRunning) {
        missing = found?.reason ?? 'the host does not answer';
        return {};
      }
      if (version !== undefined && found.runningVersion !== version) {
        missing = `k0s ${found.runningVersion} runs, not ${version}`;
        return {};
      }
      const reason = await whyNotReady(host, within);
      if (reason === undefined) return { done: true };
      missing = `its API server is not ready: ${reason}`;
      return {};
    },
    { timeoutMs: limits.controllerMs, signal: context.signal, slowestMs: 2000 },
  );
  if (ended !== undefined) return;
  throw await notReady(cluster, host, CONTROLLER, limits.controllerMs, missing);
}

/** A host that is rebooting is asked again. */
export async function askKindly(host: Host, signal: AbortSignal): Promise<Observed | undefined> {
  try {
    return await observeHost(host, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SealerError && ['HOST_UNREACHABLE', 'HOST_TIMEOUT'].includes(error.code)) return undefined;
    throw error;
  }
}

/** Why a service is not ready, with what it said last. */
export async function notReady(
  { context }: K0sCluster,
  host: Host,
  service: Service,
  limitMs: number,
  missing: string,
): Promise<SealerError> {
  const log = await serviceLog(host, service, 5, { signal: context.signal }).catch(() => '');
  return new SealerError(
    'NODE_NOT_READY',
    `k0s on ${host.label} is not ready after ${Math.round(limitMs / 1000)} s: ${missing}` +
      (log === '' ? '' : `; its last lines: ${oneLine(log.slice(-800), 800)}`),
    { hint: `Look at the log of ${service} on the host, mend it, and run the same command again.` },
  );
}

function otherRole(host: Host, { service }: Observed): SealerError {
  const [is, toBe] = service === WORKER ? ['a node', 'a master'] : ['a master', 'a node'];
  return new SealerError('HOST_UNFIT', `${host.label} is ${is} already and cannot become ${toBe}`, {
    hint: 'Delete the host from the cluster first, then add it in its new role.',
  });
}
