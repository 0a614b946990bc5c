/** Job summaries: of a build, of a push, of a run on hosts, of what failed. */

export { type BuildSummaryOptions, buildSummary } from './build.ts';
export { failureSummary } from './failure.ts';
export { type PicturedCluster, picturedCluster } from './picture.ts';
export { type PushedName, pushSummary } from './push.ts';
export { type RunSummaryOptions, runSummary } from './run.ts';
