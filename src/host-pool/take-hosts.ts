/** Hosts for a preview: its own from the last time, then free ones, then those whose time is over. */

import { setTimeout as sleep } from 'node:timers/promises';
import { SealerError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import type { Report } from '../progress.ts';
import { type Lease, type LeaseHolder, readLeases, type SeenLease, type SeenPool, swapLease } from './lease.ts';
import { groupLeases, isExpired, type LeaseGroup } from './lease-groups.ts';
import { releaseLeases, type TakeBack, takeBack } from './take-back.ts';

export interface TakeOptions extends TakeBack {
  readonly holder: LeaseHolder;
  /** How many hosts. */
  readonly count: number;
  /** Milliseconds that the hosts are this preview's. */
  readonly ttlMs: number;
  /** Waits that long for hosts to become free, in milliseconds. */
  readonly waitMs: number;
  readonly report: Report;
  readonly signal?: AbortSignal | undefined;
  /** Between two looks, in milliseconds. Default: 5 s. */
  readonly retryMs?: number | undefined;
}

export interface TakenHosts {
  /** In an order that stays the same from push to push. */
  readonly hosts: readonly Host[];
  /** Milliseconds since 1970. */
  readonly expires: number;
}

const RETRY_MS = 5000;

/**
 * Takes hosts. A preview that had some gets the same again, so that a push changes the cluster that is there.
 * @param hosts those of the pool that fit
 * @throws SealerError POOL_EXHAUSTED (who has which hosts until when), and what hosts throw
 */
export async function takeHosts(hosts: readonly Host[], options: TakeOptions): Promise<TakenHosts> {
  const { now, waitMs, report, signal, retryMs = RETRY_MS, dataRoot, count } = options;
  if (hosts.length < count) {
    throw new SealerError('POOL_EXHAUSTED', `${count} hosts are wanted, and the pool has ${hosts.length} that fit`, {
      hint: 'Add hosts to the pool, or ask for less: masters, nodes, pool-labels.',
    });
  }
  const deadline = now() + waitMs;
  for (let tries = 0; ; tries++) {
    const seen = await readLeases(hosts, dataRoot);
    const attempt = await tryToTake(seen, options);
    if (typeof attempt === 'object') return attempt;
    // Only who has changed something himself comes back at once.
    if (attempt === 'again') continue;
    if (now() >= deadline) throw exhausted(seen, options);
    if (tries === 0) report({ type: 'note', level: 'info', message: 'No hosts of the pool are free; waiting' });
    // Two that wait for the same hosts do not come back at the same moment.
    await sleep(retryMs * (0.5 + Math.random()), undefined, signal === undefined ? {} : { signal });
  }
}

/** `again`: hosts were freed. `later`: others have to do something first. */
async function tryToTake(seen: SeenPool, options: TakeOptions): Promise<TakenHosts | 'again' | 'later'> {
  const { holder, count, now } = options;
  const groups = groupLeases(seen.leases);
  const ours = groups.find(({ id }) => id === holder.id);
  const own = ours?.leases ?? [];
  const isTakenBack = ours?.takenBackBy !== undefined;
  if (ours !== undefined && (isTakenBack || own.length > count)) {
    // A preview that wants fewer hosts than it had starts anew; one that is being taken back comes free soon.
    if (isTakenBack && !isExpired(ours, now())) return 'later';
    return (await takeBack(ours, seen.lost, options)) ? 'again' : 'later';
  }
  const free = seen.leases.filter(({ lease }) => lease === undefined);
  if (own.length + free.length < count) {
    const over = groups.filter((group) => group !== ours && isExpired(group, now()));
    return (await takeBackSome(over, seen, options)) ? 'again' : 'later';
  }
  return await hold(own, free.slice(0, count - own.length), options);
}

async function takeBackSome(over: readonly LeaseGroup[], { lost }: SeenPool, options: TakeOptions): Promise<boolean> {
  let isMore = false;
  for (const group of over) {
    try {
      isMore = (await takeBack(group, lost, options)) || isMore;
    } catch (error) {
      if (!(error instanceof SealerError)) throw error;
      options.report({ type: 'note', level: 'warning', message: error.message, hint: error.hint });
    }
  }
  return isMore;
}

async function hold(
  own: readonly (SeenLease & { readonly lease: Lease })[],
  free: readonly SeenLease[],
  { holder, now, ttlMs, dataRoot, count }: TakeOptions,
): Promise<TakenHosts | 'later'> {
  const expires = now() + ttlMs;
  const start = new Date(now()).toISOString();
  const hosts = [...own, ...free].map(({ host }) => host.address);
  const slots = Array.from({ length: count }, (_, slot) => slot);
  const open = slots.filter((slot) => own.every(({ lease }) => lease.slot !== slot));
  const wanted = [
    ...own.map((seen) => ({ seen, slot: seen.lease.slot, since: seen.lease.since })),
    ...free.map((seen, i) => ({ seen, slot: open[i] ?? count, since: start })),
  ];
  const held: (SeenLease & { readonly slot: number })[] = [];
  for (const { seen, slot, since } of wanted) {
    const swapped = await swapLease(seen, { ...holder, slot, hosts, since, expires }, dataRoot);
    if (swapped === undefined) {
      // Somebody was faster: what is new goes back, so that nobody holds a part of what two want.
      const added = held.filter(({ host }) => free.some((each) => each.host === host));
      await releaseLeases(added, dataRoot);
      return 'later';
    }
    held.push({ ...swapped, slot });
  }
  return { hosts: held.toSorted((a, b) => a.slot - b.slot).map(({ host }) => host), expires };
}

function exhausted({ leases, lost }: SeenPool, { count }: TakeOptions): SealerError {
  const who = [
    ...groupLeases(leases).map(describe),
    ...[...lost].map(([address, { message }]) => `${address}: ${message}`),
  ];
  return new SealerError('POOL_EXHAUSTED', `${count} hosts of the pool are wanted, and not so many are free`, {
    problems: who.map((message) => ({ code: 'POOL_EXHAUSTED', message })),
    hint: 'Close pull requests that need no preview, run the sweep, add hosts, or wait longer (lock-timeout).',
  });
}

function describe({ leases, repository, pull, expires }: LeaseGroup): string {
  const hosts = leases.map(({ host }) => host.address).join(', ');
  return `${hosts}: ${repository}#${pull} until ${new Date(expires).toISOString()}`;
}
