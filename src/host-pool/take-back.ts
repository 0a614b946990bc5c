/** Taking hosts back: first nobody else may, then the cluster goes, then the hosts are free. */

import { SealerError } from '../error.ts';
import type { Host } from '../hosts/host.ts';
import { type Lease, type SeenLease, swapLease } from './lease.ts';
import type { LeaseGroup } from './lease-groups.ts';

export interface TakeBack {
  readonly dataRoot: string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Who does it, for those who look at the lease meanwhile. */
  readonly by: string;
  /**
   * Deletes a cluster from its hosts, whatever state it is in; one that is gone is fine.
   * @throws SealerError of any kind: the hosts stay leased
   */
  readonly deleteCluster: (cluster: string, hosts: readonly Host[]) => Promise<void>;
}

/** Whoever is killed while he takes hosts back holds them for that long. */
const TAKE_BACK_MS = 30 * 60_000;

/**
 * Takes the hosts of a preview back.
 * @param lost hosts that do not answer: nobody can say what is on them
 * @returns whether they are free now; false if somebody changed a lease meanwhile, who then knows what to do
 * @throws SealerError HOST_UNREACHABLE, and of `deleteCluster` and of hosts; the leases stay and run out
 */
export async function takeBack(
  group: LeaseGroup,
  lost: ReadonlyMap<string, SealerError>,
  options: TakeBack,
): Promise<boolean> {
  const away = group.leases.flatMap(({ lease }) => lease.hosts.filter((address) => lost.has(address)));
  if (away.length > 0) {
    throw new SealerError(
      'HOST_UNREACHABLE',
      `The preview of ${group.repository}#${group.pull} cannot be deleted: ${[...new Set(away)].join(', ')} does not answer`,
      { hint: 'Its hosts stay leased. The sweep deletes it when the host is back; or take the host out of the pool.' },
    );
  }
  const { dataRoot, now, by } = options;
  const marked: (SeenLease & { readonly lease: Lease })[] = [];
  for (const seen of group.leases) {
    const lease = { ...seen.lease, takenBackBy: by, expires: now() + TAKE_BACK_MS };
    const swapped = await swapLease(seen, lease, dataRoot);
    if (swapped === undefined) {
      // Its owner came back: what was marked is his again.
      for (const each of marked) await swapLease(each, original(group, each), dataRoot);
      return false;
    }
    marked.push({ ...swapped, lease });
  }
  await options.deleteCluster(
    group.cluster,
    marked.map(({ host }) => host),
  );
  await releaseLeases(marked, dataRoot);
  return true;
}

/**
 * Frees hosts on which no cluster is.
 * @throws SealerError HOST_UNREACHABLE and others of hosts, once all of them were tried
 */
export async function releaseLeases(seen: readonly SeenLease[], dataRoot: string): Promise<void> {
  const ends = await Promise.allSettled(seen.map((each) => swapLease(each, undefined, dataRoot)));
  const failed = ends.find((end) => end.status === 'rejected');
  if (failed === undefined) return;
  if (failed.reason instanceof SealerError) throw failed.reason;
  throw new Error('a lease could not be removed', { cause: failed.reason });
}

function original(group: LeaseGroup, marked: SeenLease): Lease | undefined {
  return group.leases.find(({ host }) => host === marked.host)?.lease;
}
