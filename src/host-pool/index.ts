/** Hosts that are shared by lease: which there are, who has which until when, and taking them back. */

export { type Lease, type LeaseHolder, readLeases, type SeenLease, type SeenPool, swapLease } from './lease.ts';
export { groupLeases, isExpired, type LeaseGroup } from './lease-groups.ts';
export { type PoolHost, parsePool } from './pool-file.ts';
export { releaseLeases, type TakeBack, takeBack } from './take-back.ts';
export { type TakenHosts, type TakeOptions, takeHosts } from './take-hosts.ts';
