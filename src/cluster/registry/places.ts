/** Files of the registry on hosts, below the cluster's folder. */

/** The name of the service. */
export const REGISTRY_SERVICE = 'sealer-registry';

export interface RegistryPlaces {
  /** Not in a versioned rootfs: it runs while versions come and go. */
  readonly program: string;
  readonly config: string;
  /** The folder that holds `docker/registry/v2`. */
  readonly data: string;
  /** On every host. */
  readonly authority: string;
  /** On masters. */
  readonly authorityKey: string;
  readonly certificate: string;
  readonly key: string;
  readonly users: string;
  /** What the running service was started with. */
  readonly stamp: string;
}

export function registryPlaces(home: string): RegistryPlaces {
  return {
    program: `${home}/bin/registry`,
    config: `${home}/registry.yml`,
    data: `${home}/registry`,
    authority: `${home}/pki/registry-ca.crt`,
    authorityKey: `${home}/pki/registry-ca.key`,
    certificate: `${home}/pki/registry.crt`,
    key: `${home}/pki/registry.key`,
    users: `${home}/pki/registry.htpasswd`,
    stamp: `${home}/registry.stamp`,
  };
}
