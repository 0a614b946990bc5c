/** What is there: asked of every host at once, and of the cluster by a master that works. */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import type { HostState, Runtime } from '../../runtime/runtime.ts';
import { isActive } from '../../runtime/services/index.ts';
import { REGISTRY_SERVICE } from '../registry/index.ts';
import { type HostRecord, readHostRecord } from '../state/host-record.ts';
import type { SavedState } from '../state/saved-state.ts';
import type { Current, CurrentHost } from './situation.ts';

export interface ObserveOptions {
  readonly home: string;
  readonly saved: SavedState | undefined;
  /** Hosts asked at the same time. */
  readonly limit: number;
}

/**
 * Looks at hosts that can be reached.
 * @throws what hosts and the runtime throw
 */
export async function observe(
  runtime: Pick<Runtime, 'observe' | 'getClusterMetadata'>,
  hosts: readonly Host[],
  { home, saved, limit }: ObserveOptions,
): Promise<Current> {
  const looks = await inParallel(hosts, limit, async (host): Promise<[string, CurrentHost]> => {
    const [record, state] = await Promise.all([readHostRecord(host, home), runtime.observe(host)]);
    const serves = saved?.registryHosts.includes(host.address) === true;
    const served = serves ? await withoutStopped(host, record) : record;
    // What was taken off half may still say that it is there.
    const isLeftover = saved?.leftovers?.includes(host.address) === true;
    return [host.address, { record: isLeftover ? {} : withoutRemoved(served, state), state }];
  });
  const byAddress = new Map(looks);
  const hasMaster = looks.some(([, { state }]) => state.member === 'master');
  return { saved, hosts: byAddress, metadata: hasMaster ? await runtime.getClusterMetadata() : undefined };
}

/** Programs that were removed with the host's membership are not what it was prepared with any more. */
function withoutRemoved({ prepared, mirrors, ...rest }: HostRecord, { version }: HostState): HostRecord {
  return version === undefined ? rest : { ...rest, prepared, mirrors };
}

/** A registry that does not run is there as little as one that was never set up. */
async function withoutStopped(host: Host, { registry, ...rest }: HostRecord): Promise<HostRecord> {
  if (registry === undefined || (await isActive(host, REGISTRY_SERVICE))) return { ...rest, registry };
  return rest;
}
