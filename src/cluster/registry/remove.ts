/** Taking the registry off a host that no longer holds it. */

import type { Host } from '../../hosts/host.ts';
import { removeService } from '../../runtime/services/index.ts';
import { REGISTRY_SERVICE, registryPlaces } from './places.ts';

/**
 * Stops the registry and removes its program, keys and data. Nothing happens where there is none. The authority stays:
 * the host still is to trust the others.
 * @param home the cluster's folder on the host
 * @throws SealerError COMMAND_FAILED, and what hosts throw
 */
export async function removeRegistry(
  host: Host,
  home: string,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<void> {
  await removeService(host, home, REGISTRY_SERVICE, { signal });
  const { program, config, data, certificate, key, users, stamp } = registryPlaces(home);
  const paths = [stamp, config, users, key, certificate, program, data, `${home}/registry.tmp`];
  await host.exec({ argv: ['rm', '-rf', '--', ...paths], signal });
  // What was merged into the data is not there any more.
  const argv = ['sh', '-c', 'rm -f "$1"/images/*/merged', 'sealer', home] as const;
  await host.exec({ argv, signal });
}
