/** The configuration of the CNCF registry (distribution 2.8 and 3.0, docs/configuration.md). */

import type { LocalRegistrySpec } from '../../clusterfile/desired.ts';
import type { RegistryPlaces } from './places.ts';

/**
 * Read-only: images come as files. There is no debug listener, no purge of uploads that nobody makes, and no cache of
 * descriptors, as files are put below the registry's feet.
 * @returns YAML (as JSON, which is YAML and needs no quoting rules)
 */
export function registryConfig(spec: LocalRegistrySpec, places: RegistryPlaces): string {
  const config = {
    version: 0.1,
    log: { level: 'warn', accesslog: { disabled: true }, fields: { service: 'sealer-registry' } },
    storage: {
      filesystem: { rootdirectory: places.data },
      maintenance: { readonly: { enabled: true }, uploadpurging: { enabled: false } },
    },
    http: {
      addr: `:${spec.port}`,
      ...(spec.insecure ? {} : { tls: { certificate: places.certificate, key: places.key } }),
      headers: { 'X-Content-Type-Options': ['nosniff'] },
    },
    ...(hasUsers(spec) ? { auth: { htpasswd: { realm: 'sealer', path: places.users } } } : {}),
    health: { storagedriver: { enabled: true, interval: '10s', threshold: 3 } },
  };
  return `${JSON.stringify(config, undefined, 2)}\n`;
}

/** Whether one has to log in. */
export function hasUsers({ username, password }: LocalRegistrySpec): boolean {
  return username !== undefined && username !== '' && password !== undefined;
}
