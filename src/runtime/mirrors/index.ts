/** How containerd is told to take every image from the cluster's own registry. */

export { hostsToml, quote } from './hosts-toml.ts';
export { mirrorFiles } from './mirror-files.ts';
