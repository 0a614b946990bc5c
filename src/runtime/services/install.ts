/** Putting services onto hosts and taking them away again. */

import { installFiles, removeFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { reloadServices, stopService } from './control.ts';
import { initOf, serviceFiles, servicePaths } from './files.ts';
import type { ServiceSpec } from './spec.ts';

export interface ServiceOptions {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Installs a service that starts with the host; it is not started now, and not restarted if it runs.
 * @param home the cluster's folder on the host: the service's files are in its footprint
 * @returns whether anything changed
 * @throws SealerError HOST_UNFIT, and what hosts throw
 */
export async function installService(
  host: Host,
  home: string,
  spec: ServiceSpec,
  { signal }: ServiceOptions = {},
): Promise<boolean> {
  const changed = await installFiles(host, home, serviceFiles(await initOf(host), spec), { signal });
  if (changed.length > 0) await reloadServices(host, { signal });
  return changed.length > 0;
}

/** Stops a service and takes its files away; nothing happens if there is none. */
export async function removeService(
  host: Host,
  home: string,
  name: string,
  { signal }: ServiceOptions = {},
): Promise<void> {
  await stopService(host, name, { signal });
  const { file, link } = servicePaths(await initOf(host), name);
  await removeFiles(host, home, [link, file], { signal });
  await reloadServices(host, { signal });
}
