/** How members pull from the registry. */

import { isIPv6 } from 'node:net';
import type { ExternalRegistrySpec, LocalRegistrySpec } from '../../clusterfile/desired.ts';
import type { Host } from '../../hosts/host.ts';
import { parseReference } from '../../oci/reference.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import type { RegistryPlaces } from './places.ts';

/** The registries that container images of a cluster image come from, sorted: each of them is to be mirrored. */
export function mirroredRegistries(images: readonly string[]): readonly string[] {
  return [...new Set(images.map((image) => parseReference(image).registry))].sort();
}

/** Members go to addresses: a name would have to be resolved before there is a DNS. */
export function registryAccess(
  options: {
    readonly spec: LocalRegistrySpec;
    readonly registryHosts: readonly Pick<Host, 'address'>[];
    readonly mirrored: readonly string[];
  },
  places: Pick<RegistryPlaces, 'authority'>,
): RegistryAccess {
  const { spec, registryHosts, mirrored } = options;
  const scheme = spec.insecure ? 'http' : 'https';
  const own = `${spec.domain}:${spec.port}`;
  return {
    endpoints: registryHosts.map(({ address }) => ({ scheme, authority: authorityOf(address, spec.port) })),
    ...(spec.insecure ? {} : { caFile: places.authority }),
    ...credentialsOf(spec),
    // Images may be named by the registry itself.
    mirrored: mirrored.filter((registry) => registry !== own),
  };
}

/** `10.0.0.2:5000`, `[fd00::2]:5000` */
export function authorityOf(address: string, port: number): string {
  return `${isIPv6(address) ? `[${address}]` : address}:${port}`;
}

/** What one logs in with, if one has to. */
export function credentialsOf({
  username,
  password,
}: Pick<LocalRegistrySpec | ExternalRegistrySpec, 'username' | 'password'>): Pick<RegistryAccess, 'credentials'> {
  if (username === undefined || username === '' || password === undefined) return {};
  return { credentials: { username, password } };
}
