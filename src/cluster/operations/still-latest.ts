/** Whether what was read of a cluster is what it remembers still, once nobody else can change it. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { readSavedState } from '../state/saved-state.ts';
import type { KnownCluster } from './known-cluster.ts';

/**
 * Passes if nobody changed a cluster since it was opened. Asked under the lock, before anything is done: a state that is older
 * than the cluster's would put back members that left, and forget those that came.
 * @param masters those that can be reached
 * @throws SealerError CLUSTER_LOCKED
 */
export async function checkStillLatest(
  { saved, home }: Pick<KnownCluster, 'saved' | 'home'>,
  masters: readonly Host[],
): Promise<void> {
  for (const host of masters) {
    const state = await readSavedState([host], home);
    if (state === undefined || state.serial <= saved.serial) continue;
    throw new SealerError(
      'CLUSTER_LOCKED',
      `Another run changed the cluster ${saved.name} after this one had looked at it (seen on ${host.label})`,
      { hint: `Nothing was done. Run the same command again, with --cluster-host ${host.address}.` },
    );
  }
}
