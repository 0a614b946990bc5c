/** Launching what a cluster image carries. */

export { type LaunchStep, planLaunch } from './plan.ts';
export { type LaunchOptions, runLaunch } from './run.ts';
export type { RenderTemplate } from './templates.ts';
