/** What is said of single hosts: their environment, and what plugins choose them by. */

import { type Clusterfile, type Env, hostEnv } from '../../clusterfile/index.ts';
import type { RuntimeName } from '../../runtime/runtime.ts';
import type { Selectable } from '../plugins/index.ts';

/** The services' network where nobody says another, by runtime: each one's own default. */
const SERVICE_CIDR: Readonly<Record<RuntimeName, string>> = {
  kubeadm: '10.96.0.0/12',
  k3s: '10.43.0.0/16',
  k0s: '10.96.0.0/12',
};

/** The environment of a host: the host's over the cluster's over the image's, and what is computed over all. */
export function environmentOf(
  clusterfile: Clusterfile,
  imageEnv: Env,
  runtime: RuntimeName = 'kubeadm',
): (address: string) => Env {
  const specs = new Map(clusterfile.cluster.hosts.map((host) => [host.address, host]));
  return (address) => {
    const host = specs.get(address);
    const { SvcCIDR = SERVICE_CIDR[runtime] } = hostEnv(clusterfile, host, imageEnv);
    return hostEnv(clusterfile, host, imageEnv, { serviceCidr: SvcCIDR });
  };
}

/** The hosts as selectors of plugins see them before there are nodes. */
export function selectable({ cluster }: Clusterfile, masters: readonly string[]): readonly Selectable[] {
  return cluster.hosts.map(({ address, roles, labels }) => ({
    ...{ address, roles, labels },
    isMaster0: address === masters[0],
  }));
}
