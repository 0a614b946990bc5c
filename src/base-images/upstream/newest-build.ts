/** The newest of releases that are builds of Kubernetes: `v1.33.4+k3s1`, `v1.33.4+k0s.0`. */

import { compareVersions, KUBE_VERSION, minorVersion } from '../versions.ts';

/**
 * The newest version of a channel.
 * @param tags of releases; what is a preview (`v1.34.0-rc1+k3s1`) is passed over
 * @param channel `stable` or `latest`: the newest of all; `v1.33`: the newest of that minor version
 * @param build how the part behind the plus begins
 */
export function newestBuild(tags: readonly string[], channel: string, build: string): string | undefined {
  return tags
    .filter((tag) => KUBE_VERSION.test(tag) && tag.includes(build))
    .filter((tag) => channel === 'stable' || channel === 'latest' || minorVersion(tag) === channel)
    .toSorted(compareVersions)
    .at(-1);
}
