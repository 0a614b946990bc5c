/** What all parts of the driver work with. */

import type { Host, Output } from '../../hosts/host.ts';
import type { Kubectl } from '../nodes/index.ts';
import type { RuntimeContext } from '../runtime.ts';

/** A k0s cluster as one run sees it. */
export interface K0sCluster {
  readonly context: RuntimeContext;
  readonly limits: Limits;
  /** On any master that works. */
  readonly kubectl: Kubectl;
  /**
   * A master whose API server is ready.
   * @param without addresses that do not count
   * @throws SealerError CLUSTER_UNREACHABLE
   */
  liveMaster(without?: ReadonlySet<string>): Promise<Host>;
}

/** How long things may take, in milliseconds. */
export interface Limits {
  /** From the start of a controller until its API server is ready. */
  readonly controllerMs: number;
  /** From the start of a kubelet until its node is Ready. */
  readonly nodeMs: number;
  /** From the request to leave until etcd's member is gone: its controller's lease alone takes five minutes to end. */
  readonly leaveMs: number;
  readonly drainMs: number;
}

export const LIMITS: Limits = {
  controllerMs: 8 * 60_000,
  nodeMs: 8 * 60_000,
  leaveMs: 7 * 60_000,
  drainMs: 5 * 60_000,
};

/** Workers that join at a time, as k0sctl has it. */
export const JOINS_AT_A_TIME = 30;
/** Nodes that are drained at a time. */
export const DRAINS_AT_A_TIME = 4;
/** Hosts that something else is done on at a time; what is open to them is limited below as well. */
export const HOSTS_AT_A_TIME = 32;

/** Runs k0s on a host. @throws SealerError COMMAND_FAILED, and what hosts throw */
export async function runK0s(
  { context }: K0sCluster,
  host: Host,
  argv: readonly [string, ...string[]],
  timeoutMs?: number,
): Promise<Output> {
  return host.exec({ argv, signal: context.signal, timeoutMs });
}

/** Tells people what is done. */
export function say({ context }: K0sCluster, message: string): void {
  context.report({ type: 'note', level: 'info', message });
}
