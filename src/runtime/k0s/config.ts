/** k0s.yaml: the ClusterConfig of one controller (k0s docs: configuration.md). */

import { type Fields, fieldsOf, listOf, mapOf, stringOf } from '../../kubernetes/fields.ts';
import { isAtLeast } from '../version.ts';

export interface ConfigSources {
  /** `v1.33.4+k0s.0`. */
  readonly version: string;
  /** The image's etc/k0s.yaml. */
  readonly image?: Fields | undefined;
  /** The Clusterfile's ClusterConfig. */
  readonly cluster?: Fields | undefined;
  /** The image's ENV with the Clusterfile's over it: PodCIDR, SvcCIDR and CertSANs are heeded. */
  readonly env: Readonly<Record<string, string>>;
  /** Addresses of all controllers. */
  readonly masters: readonly string[];
  /** What the API server's certificate holds already: a name that was added once stays. */
  readonly sans: readonly string[];
}

/** The first release with node-local load balancing. */
const NODE_LOCAL_BALANCER = [1, 26] as const;

/**
 * The config of the controller at an address. The Clusterfile's ClusterConfig goes over the environment, that over the
 * image's etc/k0s.yaml, and that over ours; lists are replaced, SANs united. `api.address` and `storage.etcd.peerAddress`
 * are the controller's own, whatever was written: all else has to be the same on every controller.
 */
export function controllerConfig(sources: ConfigSources, address: string): Fields {
  const { image, cluster, env } = sources;
  const merged = [image, environmentConfig(env), cluster].reduce<Fields>(
    (under, over) => (over === undefined ? under : merge(under, over)),
    builtIn(sources),
  );
  const spec = mapOf(merged.spec);
  const [api, storage] = [mapOf(spec.api), mapOf(spec.storage)];
  const sans = [
    ...sources.masters,
    ...sansOf(image),
    ...sansOf(cluster),
    ...commaList(env.CertSANs),
    ...sources.sans,
    ...(stringOf(api.externalAddress) === undefined ? [] : [String(api.externalAddress)]),
  ];
  return {
    ...merged,
    spec: {
      ...spec,
      api: { ...api, address, sans: [...new Set(sans)].toSorted() },
      storage: isOwnEtcd(storage) ? { ...storage, etcd: { ...mapOf(storage.etcd), peerAddress: address } } : storage,
    },
  };
}

/** The SANs that a ClusterConfig asks for. */
export function sansOf(config: Fields | undefined): readonly string[] {
  return listOf(mapOf(mapOf(config?.spec).api).sans).filter((san) => typeof san === 'string');
}

/**
 * Workers reach the controllers through a balancer on each of them, unless there is an address in front of all
 * (k0s docs: nllb.md; both together are refused). It is on with one controller too: others may join later, and workers
 * would have to restart to pick it up.
 */
function builtIn({ version, image, cluster }: ConfigSources): Fields {
  const hasBalancer = [image, cluster].some(
    (config) => stringOf(mapOf(mapOf(config?.spec).api).externalAddress) !== undefined,
  );
  const canBalance = isAtLeast(version, ...NODE_LOCAL_BALANCER);
  return {
    apiVersion: 'k0s.k0sproject.io/v1beta1',
    kind: 'ClusterConfig',
    metadata: { name: 'k0s' },
    spec: {
      storage: { type: 'etcd' },
      network: canBalance && !hasBalancer ? { nodeLocalLoadBalancing: { enabled: true, type: 'EnvoyProxy' } } : {},
      images: { default_pull_policy: 'IfNotPresent' },
      telemetry: { enabled: false },
    },
  };
}

/** PodCIDR and SvcCIDR as the Go sealer has them: one range, or an IPv4 and an IPv6 one with a comma between. */
function environmentConfig({ PodCIDR, SvcCIDR }: Readonly<Record<string, string>>): Fields {
  const [pods, services] = [byFamily(PodCIDR), byFamily(SvcCIDR)];
  const network = {
    ...(pods.first === undefined ? {} : { podCIDR: pods.first }),
    ...(services.first === undefined ? {} : { serviceCIDR: services.first }),
    ...(pods.second === undefined || services.second === undefined
      ? {}
      : { dualStack: { enabled: true, IPv6podCIDR: pods.second, IPv6serviceCIDR: services.second } }),
  };
  return { spec: { network } };
}

function byFamily(ranges: string | undefined): { readonly first?: string; readonly second?: string } {
  const [first, second] = commaList(ranges).toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
  return { ...(first === undefined ? {} : { first }), ...(second === undefined ? {} : { second }) };
}

function commaList(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}

function isOwnEtcd(storage: Fields): boolean {
  return (storage.type ?? 'etcd') === 'etcd' && fieldsOf(mapOf(storage.etcd).externalCluster) === undefined;
}

function merge(under: Fields, over: Fields): Fields {
  const result: Record<string, unknown> = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const [below, above] = [fieldsOf(result[key]), fieldsOf(value)];
    result[key] = below !== undefined && above !== undefined ? merge(below, above) : value;
  }
  return result;
}
