/** Plugins: what users and images run at the phases of a cluster's life. */

export { checkPlugins } from './check-plugins.ts';
export type { PluginContext, PluginHost, PluginRun } from './context.ts';
export type { ExecutableInput } from './executable.ts';
export { hostnameBefore } from './hostname.ts';
export { orderPlugins } from './order.ts';
export { runPlugins } from './run-plugins.ts';
export { type Selectable, selectHosts } from './select-hosts.ts';
