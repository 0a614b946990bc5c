/** Leases that belong together: those of one preview's hosts, which carry one cluster. Pure. */

import type { Lease, SeenLease } from './lease.ts';

export interface LeaseGroup {
  readonly id: string;
  readonly cluster: string;
  readonly repository: string;
  readonly pull: number;
  readonly leases: readonly (SeenLease & { readonly lease: Lease })[];
  /** The latest of all, in milliseconds since 1970: who renews them does so one after the other. */
  readonly expires: number;
  /** Somebody takes them back right now, or did until he was killed. */
  readonly takenBackBy: string | undefined;
}

/** Puts leases together. */
export function groupLeases(seen: readonly SeenLease[]): readonly LeaseGroup[] {
  const held = seen.flatMap(({ lease, ...rest }) => (lease === undefined ? [] : [{ ...rest, lease }]));
  return [...Map.groupBy(held, ({ lease }) => lease.id)].flatMap(([id, leases]) => {
    const [first] = leases;
    if (first === undefined) return [];
    const { cluster, repository, pull } = first.lease;
    const expires = Math.max(...leases.map(({ lease }) => lease.expires));
    const takenBackBy = leases.find(({ lease }) => lease.takenBackBy !== undefined)?.lease.takenBackBy;
    return [{ id, cluster, repository, pull, leases, expires, takenBackBy }];
  });
}

/** Whether nobody has a right to the hosts any more. @param now in milliseconds since 1970 */
export function isExpired({ expires }: LeaseGroup, now: number): boolean {
  return expires <= now;
}
