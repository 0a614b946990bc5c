/** Rehearsing the launch of a cluster image on a temporary cluster: to record what it pulls, and to prove that it has all. */

export { imageKey } from './asked.ts';
export { type ClusterOptions, openCluster, type RehearsalCluster, type RehearsalWorld } from './cluster.ts';
export { openRecording, type RecordedImage, type Recording } from './record.ts';
export { launchSteps } from './rehearse.ts';
export { type MissingImage, type UnusedImage, type Verification, verifyImage } from './verify.ts';
