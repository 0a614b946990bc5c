/** Launching what a cluster image carries. */

export { launchEnvironment, SYSTEM_PATH } from './environment.ts';
export { type LaunchStep, planLaunch } from './plan.ts';
export { type LaunchOptions, runLaunch } from './run.ts';
export { type RenderTemplate, TEMPLATE_PLACES } from './templates.ts';
