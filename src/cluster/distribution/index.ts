/** Bringing cluster images to hosts. */

export { type Distributed, type DistributeOptions, distribute } from './distribute.ts';
export type { FetchSource } from './fetch-source.ts';
export { type HostContent, type ObserveOptions, observeHosts } from './observe.ts';
export { applyOverlay, type OverlayFile, overlayDigest } from './overlay.ts';
export { layerRepository, rootfsFolder } from './places.ts';
export { type DistributionPlan, type HostPlan, type PlanOptions, planDistribution } from './plan.ts';
export { type PruneOptions, pruneHosts } from './prune.ts';
export { type DistributedImage, readImage } from './read-image.ts';
