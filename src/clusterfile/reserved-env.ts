/**
 * Variables that sealer computes for templates, plugins and scripts (sealer v0.11: pkg/env, pkg/infradriver), and those
 * that it understands when they are set.
 */

import type { Clusterfile, Env, HostSpec } from './desired.ts';
import { nthAddress, parseCidr, parseIp } from './network.ts';

/** What cannot be set, because it is computed. */
export const RESERVED_NAMES: readonly string[] = [
  ...['Registry', 'LocalRegistry', 'ExternalRegistry'].flatMap((registry) =>
    ['Domain', 'Port', 'URL'].map((part) => `${registry}${part}`),
  ),
  'ContainerRuntime',
  'KubeSvcIP',
  'DNSSvcIP',
  'HostIPFamily',
  'HostIP',
];

export interface ReservedFacts {
  /** Undefined: what the Clusterfile says, else containerd, which all our drivers use. */
  readonly containerRuntime?: string | undefined;
  /** `10.96.0.0/12`, or both families separated by a comma; the first counts. */
  readonly serviceCidr?: string | undefined;
  /** The host that the variables are for; undefined: for all together. */
  readonly host?: string | undefined;
}

/**
 * The computed variables: `RegistryURL` and its parts, `KubeSvcIP` (1st address of the services' network) and `DNSSvcIP`
 * (10th), `HostIPFamily` (`4` or `6`), `HostIP`. What is not known is not there.
 */
export function reservedEnv({ cluster }: Pick<Clusterfile, 'cluster'>, facts: ReservedFacts = {}): Env {
  const { registry, hosts } = cluster;
  const service = parseCidr(facts.serviceCidr?.split(',')[0]?.trim() ?? '');
  const family = parseIp(facts.host ?? hosts[0]?.address ?? '')?.family;
  const parts = { Domain: registry.domain, Port: String(registry.port), URL: `${registry.domain}:${registry.port}` };
  const kind = registry.kind === 'local' ? 'LocalRegistry' : 'ExternalRegistry';
  const values: Readonly<Record<string, string | undefined>> = {
    ...prefixed('Registry', parts),
    ...prefixed(kind, parts),
    ContainerRuntime: facts.containerRuntime ?? cluster.containerRuntime ?? 'containerd',
    KubeSvcIP: service && nthAddress(service, 1),
    DNSSvcIP: service && nthAddress(service, 10),
    HostIPFamily: family && String(family),
    HostIP: facts.host,
  };
  return defined(values);
}

/**
 * The variables of one host: computed ones over its own over the cluster's over the image's.
 * @param host undefined: for what runs on no particular host
 * @param facts without them nothing is computed; without `serviceCidr`, the variable SvcCIDR counts
 */
export function hostEnv(
  clusterfile: Pick<Clusterfile, 'cluster'>,
  host: Pick<HostSpec, 'env' | 'address'> | undefined,
  imageEnv: Env,
  facts?: ReservedFacts,
): Env {
  const env = { ...imageEnv, ...clusterfile.cluster.env, ...host?.env };
  if (facts === undefined) return env;
  return { ...env, ...reservedEnv(clusterfile, { serviceCidr: env.SvcCIDR, host: host?.address, ...facts }) };
}

function prefixed(prefix: string, parts: Readonly<Record<string, string>>): Env {
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [`${prefix}${name}`, value]));
}

function defined(values: Readonly<Record<string, string | undefined>>): Env {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
