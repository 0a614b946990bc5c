/** Where containerd takes images from. */

import type { Host } from '../../hosts/host.ts';
import { forEachHost, installedFiles, installFiles, removeFiles } from '../../hosts/index.ts';
import { mirrorFiles } from '../mirrors/index.ts';
import type { RuntimeContext } from '../runtime.ts';
import type { Driver } from './driver.ts';
import { MIRRORS } from './places.ts';

/** Writes the mirrors of hosts. */
export async function mirrorHosts(driver: Driver, hosts: readonly Host[]): Promise<void> {
  await forEachHost(hosts, (host) => mirrorHost(host, driver), { signal: driver.signal });
}

/** Writes the mirrors of one host and takes away those that are no more. containerd reads them at every pull. */
export async function mirrorHost(
  host: Host,
  { home, registry, signal }: Pick<RuntimeContext, 'home' | 'registry' | 'signal'>,
): Promise<void> {
  const files = mirrorFiles(registry, MIRRORS);
  await installFiles(host, home, files, { signal });
  const wanted = new Set(files.map(({ path }) => path));
  const own = await installedFiles(host, home, { signal });
  const stale = own.filter((path) => path.startsWith(`${MIRRORS}/`) && !wanted.has(path));
  if (stale.length > 0) await removeFiles(host, home, stale, { signal });
}
