/** Where hosts come from that nobody has named: they are made. */

export { type HostEngine, openHostEngine } from './container/engine.ts';
export { ensureContainerHosts, type HostCounts, type MakeHostsOptions } from './container/ensure.ts';
export { type ContainerMember, containerClusters, findContainerHosts } from './container/find.ts';
export { openContainerHost } from './container/open.ts';
export { removeContainerHosts } from './container/remove.ts';
