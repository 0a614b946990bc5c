/** Job summaries: of a build, of a push, of a run on hosts. */

export { type BuildSummaryOptions, buildSummary } from './build.ts';
export { type PicturedCluster, picturedCluster } from './picture.ts';
export { type PushedName, pushSummary } from './push.ts';
export { type RunSummaryOptions, runSummary } from './run.ts';
