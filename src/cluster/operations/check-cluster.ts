/** Checks hosts without changing anything. */

import type { Clusterfile } from '../../clusterfile/index.ts';
import type { Problem } from '../../error.ts';
import { Fleet } from '../fleet/fleet.ts';
import { imageForHosts } from '../image/image-for-hosts.ts';
import { rootfsText } from '../image/rootfs-files.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import { registryHostsOf, rolesOf } from '../plan/desire.ts';
import { preflight } from '../preflight/index.ts';
import { readSavedState } from '../state/saved-state.ts';
import type { ClusterWorld } from '../world.ts';

/**
 * Everything that stands in the way of a cluster on these hosts; hosts that cannot be reached are findings as well.
 * @throws what images throw
 */
export async function checkCluster(
  clusterfile: Clusterfile,
  image: (arch: string) => Promise<RunnableImage>,
  world: ClusterWorld,
): Promise<readonly Problem[]> {
  const { cluster } = clusterfile;
  await using fleet = new Fleet({ open: world.open, limit: world.parallel });
  const hosts = cluster.hosts.map((spec) => fleet.add(spec));
  const unreachable = new Set(await fleet.reach(hosts));
  const missing = [...unreachable].flatMap((address): Problem[] => {
    const error = fleet.whyUnreachable(address);
    return error === undefined ? [] : [{ code: error.code, message: error.message, hint: error.hint, at: error.at }];
  });
  const [first] = hosts.filter(({ address }) => !unreachable.has(address));
  if (first === undefined) return missing;
  const home = `${cluster.dataRoot}/${cluster.name}`;
  const roles = rolesOf(clusterfile, undefined);
  const isReachable = (address: string) => !unreachable.has(address);
  const saved = await readSavedState(
    roles.masters.filter(isReachable).map((address) => fleet.get(address)),
    home,
  );
  const members = new Set([...(saved?.masters ?? []), ...(saved?.nodes ?? [])]);
  const registryHosts = registryHostsOf(clusterfile, roles.masters, saved);
  const found = await imageForHosts(image, { arch: (await first.facts()).arch, addresses: [first.address] });
  const findings = await preflight(
    [...roles.masters, ...roles.nodes].filter(isReachable).map((address) => ({
      host: fleet.get(address),
      role: roles.masters.includes(address) ? 'master' : 'node',
      isMember: members.has(address),
      isRegistry: registryHosts.includes(address),
    })),
    {
      ...{ clusterfile, image: found, home, limit: fleet.limit, signal: world.signal },
      imageFile: (path) => rootfsText(world.store, found.manifest, path),
    },
  );
  return [...missing, ...findings];
}
