/** The folder from which containerd reads what mirrors which registry. */

import { registryFolder } from '../../cluster-image/index.ts';
import type { FootprintFile } from '../../hosts/footprint/index.ts';
import type { RegistryAccess } from '../runtime.ts';
import { hostsToml } from './hosts-toml.ts';

/**
 * One hosts.toml for each mirrored registry, and `_default` for all others: the cluster's registry answers for those as well,
 * mostly with "not found", which is at once and better than a timeout on the way to the internet.
 * @param folder containerd's `config_path`: /etc/containerd/certs.d
 * @returns files with mode 0600 if they hold credentials
 */
export function mirrorFiles(registry: RegistryAccess, folder: string): readonly FootprintFile[] {
  const mode = registry.credentials === undefined ? 0o644 : 0o600;
  const fileOf = (name: string, content: string): FootprintFile => ({
    path: `${folder}/${name}/hosts.toml`,
    mode,
    content,
  });
  return [
    ...registry.mirrored.map((host) => fileOf(host, hostsToml(registry, registryFolder(host)))),
    fileOf('_default', hostsToml(registry, undefined)),
  ];
}
