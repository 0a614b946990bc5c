/** How members pull, known before any registry runs. */

import type { RegistrySpec } from '../../clusterfile/desired.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import { mirroredRegistries, registryAccess } from './access.ts';
import { registryPlaces } from './places.ts';
import { externalAccess } from './push-bundle.ts';

export interface AccessOptions {
  /** Addresses, in the order in which members try them; none with an external registry. */
  readonly registryHosts: readonly string[];
  /** The cluster's folder on hosts. */
  readonly home: string;
  /** Complete names of the container images. */
  readonly images: readonly string[];
}

/** What `ensureRegistry` gives once a registry runs, or what an external one is reached by. */
export function accessFor(spec: RegistrySpec, { registryHosts, home, images }: AccessOptions): RegistryAccess {
  const places = registryPlaces(home);
  if (spec.kind === 'external')
    return externalAccess(spec, images, spec.ca === undefined ? undefined : places.authority);
  const hosts = registryHosts.map((address) => ({ address }));
  return registryAccess({ spec, registryHosts: hosts, mirrored: mirroredRegistries(images) }, places);
}
