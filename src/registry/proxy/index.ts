/** A registry in the place of all others: it fetches, keeps, and remembers what was asked for. */

export { askedRepository, type Repository } from './asked-repository.ts';
export type { BringBlob } from './blob-fetches.ts';
export { type Pull, type PullRecorder, pullRecorder } from './pull-records.ts';
export { type PullThroughOptions, pullThroughStorage } from './pull-through.ts';
export { type SwitchableStorage, switchableStorage } from './switchable.ts';
export type { UpstreamSource } from './upstream.ts';
