/** What the steps of one run share. */

import type { Host } from '../../hosts/host.ts';
import type { Report } from '../../progress.ts';
import type { RegistryAccess, Runtime } from '../../runtime/runtime.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import type { Current, Desired } from '../plan/situation.ts';
import type { HostRecord } from '../state/host-record.ts';
import { readHostRecord, updateHostRecord } from '../state/host-record.ts';
import { type SavedState, writeSavedState } from '../state/saved-state.ts';
import type { ClusterWorld } from '../world.ts';
import type { Overlay } from './overlay.ts';

/** One run. What it changes of the state is written to the masters at once. */
export interface Run {
  readonly world: ClusterWorld;
  readonly fleet: Fleet;
  /** Folder of the cluster on every host. */
  readonly home: string;
  readonly desired: Desired;
  readonly image: RunnableImage;
  readonly runtime: Runtime;
  readonly registry: RegistryAccess;
  readonly overlay: Overlay;
  /** How long workloads and launch commands may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Aborts on Ctrl-C, and when the lock is lost. */
  readonly signal: AbortSignal;
  readonly report: Report;
  current: Current;
  state: SavedState;
  /** Bytes that crossed the runner's link. */
  sent: number;
}

/** The hosts of addresses. */
export function hostsOf(run: Pick<Run, 'fleet'>, addresses: readonly string[]): readonly Host[] {
  return addresses.map((address) => run.fleet.get(address));
}

/** Notes on a host that something was done there. */
export async function note(run: Run, host: Host, changes: HostRecord): Promise<void> {
  const before = run.current.hosts.get(host.address)?.record ?? (await readHostRecord(host, run.home));
  const record = await updateHostRecord(host, run.home, before, changes);
  const state = run.current.hosts.get(host.address)?.state ?? { member: 'absent' as const };
  run.current = { ...run.current, hosts: new Map(run.current.hosts).set(host.address, { record, state }) };
}

/**
 * Changes the state of the cluster, on every master that there is then.
 * @param changes undefined values take a field away
 */
export async function saveState(run: Run, changes: Partial<SavedState>): Promise<void> {
  const state: SavedState = { ...run.state, ...changes, serial: run.state.serial + 1 };
  run.state = state;
  const keepers = state.masters.length > 0 ? state.masters : run.desired.masters.slice(0, 1);
  const reachable = keepers.filter((address) => run.fleet.whyUnreachable(address) === undefined);
  await writeSavedState(hostsOf(run, reachable), run.home, state);
}
