/** What is there: asked of every host at once, and of the cluster by a master that works. */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import type { Runtime } from '../../runtime/runtime.ts';
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
    return [host.address, { record: serves ? await withoutStopped(host, record) : record, state }];
  });
  const byAddress = new Map(looks);
  const hasMaster = looks.some(([, { state }]) => state.member === 'master');
  return { saved, hosts: byAddress, metadata: hasMaster ? await runtime.getClusterMetadata() : undefined };
}

/** A registry that does not run is there as little as one that was never set up. */
async function withoutStopped(host: Host, { registry, ...rest }: HostRecord): Promise<HostRecord> {
  if (registry === undefined || (await isActive(host, REGISTRY_SERVICE))) return { ...rest, registry };
  return rest;
}
