/** What is wanted, worked out of the Clusterfile and the image, as digests to compare hosts by. */

import { type Clusterfile, type Env, formatTaint, type HostSpec } from '../../clusterfile/index.ts';
import { CONTROL_PLANE, keepsTaint } from '../../runtime/nodes/index.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import { digestOf } from '../digest.ts';
import type { RunnableImage } from '../image/runnable-image.ts';
import { launchesOf } from '../launch/launches.ts';
import type { SavedState } from '../state/saved-state.ts';
import type { Desired, DesiredHost } from './situation.ts';

export interface DesireOptions {
  readonly clusterfile: Clusterfile;
  readonly image: RunnableImage;
  readonly saved: SavedState | undefined;
  readonly registry: RegistryAccess;
  readonly registryHosts: readonly string[];
  /** What every launch command sees. */
  readonly env: Env;
  readonly hostEnv: (address: string) => Env;
  /** Of the overlay of a host. */
  readonly overlayDigest: (address: string) => string;
  readonly plugins: Desired['plugins'];
  readonly waits: boolean;
  readonly isRollback: boolean;
}

/** Addresses by role: members first, in the order in which they became masters. */
export function rolesOf(
  { cluster }: Pick<Clusterfile, 'cluster'>,
  saved: Pick<SavedState, 'masters'> | undefined,
): { readonly masters: readonly string[]; readonly nodes: readonly string[] } {
  const isMaster = ({ roles }: HostSpec) => roles.includes('master');
  const masters = cluster.hosts.filter(isMaster).map(({ address }) => address);
  const known = (saved?.masters ?? []).filter((address) => masters.includes(address));
  return {
    masters: [...known, ...masters.filter((address) => !known.includes(address))],
    nodes: cluster.hosts.filter((host) => !isMaster(host)).map(({ address }) => address),
  };
}

/** Where the cluster's own registry is to be: where it is, on the first master, or on all of them. */
export function registryHostsOf(
  { cluster }: Pick<Clusterfile, 'cluster'>,
  masters: readonly string[],
  saved: Pick<SavedState, 'registryHosts'> | undefined,
): readonly string[] {
  if (cluster.registry.kind === 'external') return [];
  const staying = (saved?.registryHosts ?? []).filter((address) => masters.includes(address));
  if (cluster.registry.ha) return [...staying, ...masters.filter((address) => !staying.includes(address))];
  return [...staying, ...masters].slice(0, 1);
}

/** Works out what is wanted. */
export function desire(options: DesireOptions): Desired {
  const { clusterfile, image, saved, registry, registryHosts, env, hostEnv, overlayDigest, plugins } = options;
  const { cluster } = clusterfile;
  const { masters, nodes } = rolesOf(clusterfile, saved);
  const shared = {
    names: cluster.hostAliases.length === 0 ? 'none' : digestOf(cluster.hostAliases),
    mirrors: digestOf(registry),
    settings: [image.digest, clusterfile.kubeadm, clusterfile.k3s, clusterfile.k0s, cluster.containerRuntime],
    registry: digestOf([cluster.registry, registryHosts]),
  };
  const hosts = cluster.hosts.map((host): [string, DesiredHost] => {
    const overlay = overlayDigest(host.address);
    return [
      host.address,
      {
        overlay,
        names: shared.names,
        mirrors: shared.mirrors,
        prepared: digestOf([shared.settings, overlay]),
        // What serves it comes with the image; the others only know of it.
        registry: digestOf([shared.registry, registryHosts.includes(host.address) ? image.digest : '']),
        labels: host.labels,
        taints: host.taints.filter(({ isRemoval }) => !isRemoval).map(formatTaint),
        taintsOff: [
          ...host.taints
            .filter(({ isRemoval }) => isRemoval)
            .map(({ key, effect }) => (effect === '' ? key : `${key}:${effect}`)),
          ...(image.runtime === 'kubeadm' ? kubeadmTaintsOff(host, clusterfile) : []),
        ],
      },
    ];
  });
  const [first = ''] = masters;
  const launches = launchesOf(image.extension, clusterfile, env).map(({ name, steps }) => ({
    name,
    digest: digestOf([image.digest, overlayDigest(first), steps]),
  }));
  return {
    clusterfile,
    image,
    masters,
    nodes,
    hosts: new Map(hosts),
    registryHosts,
    settings: settingsOf(clusterfile),
    sans: sansOf(clusterfile),
    launches,
    plugins,
    env,
    hostEnv,
    waits: options.waits,
    isRollback: options.isRollback,
    ...(cluster.registry.kind === 'external' ? { push: digestOf([cluster.registry, image.digest]) } : {}),
  };
}

/**
 * kubeadm's taints of a master on which pods are to run: there may be no other host for them. They go behind the plugins of
 * post-install, which in documented Clusterfiles take them off themselves, and fail where there are none.
 */
export function kubeadmTaintsOff(
  host: HostSpec,
  { cluster, kubeadm }: Pick<Clusterfile, 'cluster' | 'kubeadm'>,
): string[] {
  const isMaster = host.roles.includes('master');
  const isSaid = [kubeadm.InitConfiguration, kubeadm.JoinConfiguration].some(
    (document) => Object(Object(document).nodeRegistration).taints !== undefined,
  );
  if (!isMaster || isSaid || keepsTaint(host.address, cluster.hosts)) return [];
  return CONTROL_PLANE.filter((key) => !host.taints.some((taint) => taint.key === key));
}

/** Digest of the runtime's settings. Names in certificates have steps of their own, and no other setting has one of these keys. */
export function settingsOf({ kubeadm, k3s, k0s }: Pick<Clusterfile, 'kubeadm' | 'k3s' | 'k0s'>): string {
  const named = ['certSANs', 'tls-san', 'sans'];
  const text = JSON.stringify([kubeadm, k3s, k0s], (key, value: unknown) => (named.includes(key) ? undefined : value));
  return digestOf(JSON.parse(text));
}

/** Names for the API server's certificate, wherever the Clusterfile has them. */
export function sansOf({ cluster, kubeadm, k3s, k0s }: Clusterfile): readonly string[] {
  const text = (value: unknown): string[] => (typeof value === 'string' ? [value] : []);
  const list = (value: unknown): string[] => (Array.isArray(value) ? value.flatMap(text) : text(value));
  const field = (value: unknown, ...keys: string[]): unknown =>
    keys.reduce<unknown>((each, key) => Object(each)[key], value);
  return [
    ...new Set([
      ...(cluster.env.CertSANs ?? '').split(',').map((san) => san.trim()),
      ...list(field(kubeadm.ClusterConfiguration, 'apiServer', 'certSANs')),
      ...list(field(k3s?.server, 'tls-san')),
      ...list(field(k0s, 'spec', 'api', 'sans')),
    ]),
  ].filter((san) => san !== '');
}
