/** Preview clusters of pull requests. */

export { comparisonSection, type PreviewImage, previewText } from './comment.ts';
export { type Decision, decide } from './decide.ts';
export { type DeployedPreview, deployPreview, type PreviewRequest } from './deploy.ts';
export { namePreview, type PreviewNames } from './names.ts';
export { type PullEvent, readPullEvent } from './pull-event.ts';
export { removePreview } from './remove.ts';
export { runSmokeTest, type SmokeTest } from './smoke-test.ts';
export { type Swept, sweepPreviews } from './sweep.ts';
export type { PreviewCluster, PreviewForge, PreviewPool, PreviewWorld, RunningPreview } from './world.ts';
