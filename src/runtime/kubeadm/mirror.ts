/** Where containerd takes images from. */

import { installedFiles, installFiles, removeFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { mirrorFiles } from '../mirrors/index.ts';
import type { RuntimeContext } from '../runtime.ts';
import { MIRRORS } from './places.ts';

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
