/** Kubernetes in a container of this machine's engine, for as long as a build or a proof needs it. */

export { checkEngine } from '../container-engine/check-engine.ts';
export type { EngineFacts } from '../container-engine/facts.ts';
export { chooseClusterImage, DEFAULT_MINOR } from './choose-image.ts';
export { startTempCluster, type TempCluster, type TempClusterOptions, type Timings } from './start.ts';
