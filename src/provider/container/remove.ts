/** Taking hosts away: containers, their disks, and the network with the last of them. */

import { isGone, query } from '../../container-engine/client.ts';
import { inParallel } from '../../parallel.ts';
import { engineError, type HostEngine } from './engine.ts';
import { type ContainerMember, findContainerHosts } from './find.ts';
import { CLUSTER_LABEL, volumeName } from './labels.ts';
import { removeNetwork } from './network.ts';

const AT_A_TIME = 4;
/** Unmounting and removing gigabytes of small files. */
const REMOVING_MS = 10 * 60_000;

/**
 * Removes hosts of a cluster. Nothing happens where there are none.
 * @param members default: all of them, with everything else that has the cluster's label
 * @throws SealerError ENGINE_ERROR
 */
export async function removeContainerHosts(
  engine: HostEngine,
  cluster: string,
  members?: readonly Pick<ContainerMember, 'id' | 'name'>[],
): Promise<void> {
  try {
    const leaving = members ?? (await findContainerHosts(engine, cluster));
    await inParallel(leaving, AT_A_TIME, async ({ id, name }) => {
      await remove(engine, `/containers/${id}${query({ force: true, v: true })}`);
      await remove(engine, `/volumes/${volumeName(name)}`);
    });
    if (members !== undefined) return;
    for (const volume of await leftVolumes(engine, cluster)) await remove(engine, `/volumes/${volume}`);
    await removeNetwork(engine, cluster);
  } catch (error) {
    throw engineError(`The containers of ${cluster} cannot be removed`, error);
  }
}

/** Of containers that somebody else removed. */
async function leftVolumes({ client }: HostEngine, cluster: string): Promise<readonly string[]> {
  const filters = { label: [`${CLUSTER_LABEL}=${cluster}`] };
  const answer: unknown = await client.json({ method: 'GET', path: `/volumes${query({ filters })}` });
  const volumes: unknown = Object(answer).Volumes;
  return (Array.isArray(volumes) ? volumes : []).flatMap(({ Name: name }) => (typeof name === 'string' ? [name] : []));
}

async function remove({ client }: HostEngine, path: string): Promise<void> {
  await client.bytes({ method: 'DELETE', path, idleMs: REMOVING_MS }).catch((error: unknown) => {
    if (!isGone(error)) throw error;
  });
}
