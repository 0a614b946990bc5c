/** Takes a preview away: its cluster, its hosts' leases, its comment, and its deployments last. */

import { SealerError } from '../../error.ts';
import { groupLeases, readLeases, takeBack } from '../../host-pool/index.ts';
import { listDeployments, removeComment, removeDeployment } from '../github/index.ts';
import { ENVIRONMENT, type PreviewNames } from './names.ts';
import type { PreviewCluster, PreviewWorld } from './world.ts';

/**
 * Removes it. What is gone already is fine. Hosts that do not answer do not keep the rest from going; they stay leased, and
 * the sweep frees them.
 * @throws SealerError of hosts and of GitHub, once everything was tried
 */
export async function removePreview(
  names: PreviewNames & { readonly pull: number },
  cluster: Pick<PreviewCluster, 'remove'>,
  world: PreviewWorld,
): Promise<void> {
  const errors: SealerError[] = [];
  await collect(errors, () => removeCluster(names, cluster, world));
  const { forge } = world;
  if (forge !== undefined) {
    const { marker, task, pull } = names;
    const { github, author } = forge;
    await collect(errors, async () => void (await removeComment(github, { issue: pull, marker, author })));
    await collect(errors, async () => {
      for (const { id } of await listDeployments(github, { environment: ENVIRONMENT, task })) {
        await removeDeployment(github, id);
      }
    });
  }
  throwAll(errors);
}

/** Notes what goes wrong and goes on; what is no SealerError is a bug, and ends it. */
export async function collect(errors: SealerError[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof SealerError)) throw error;
    errors.push(error);
  }
}

/** @throws SealerError the only one, or one that lists all */
export function throwAll(errors: readonly SealerError[]): void {
  const [first, ...more] = errors;
  if (first === undefined) return;
  if (more.length === 0) throw first;
  throw new SealerError(first.code, `${errors.length} things could not be removed`, {
    problems: errors.map(({ code, message, hint }) => ({ code, message, hint })),
    hint: 'Each is listed. The next sweep tries them again.',
  });
}

async function removeCluster(
  { id, cluster: name }: PreviewNames,
  cluster: Pick<PreviewCluster, 'remove'>,
  { pool, now, by, report }: PreviewWorld,
): Promise<void> {
  if (pool === undefined) return await cluster.remove(name);
  const { leases, lost } = await readLeases(pool.hosts, pool.dataRoot);
  const group = groupLeases(leases).find((each) => each.id === id);
  if (group !== undefined) {
    const isFree = await takeBack(group, lost, { ...pool, now, by });
    if (!isFree) report({ type: 'note', level: 'warning', message: `The leases of ${id} changed meanwhile` });
    return;
  }
  // A host that does not answer may be its only one.
  const [first] = lost.values();
  if (first !== undefined) throw first;
}
