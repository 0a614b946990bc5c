/** What a Clusterfile and an image make of a runtime's needs. */

import type { Clusterfile } from '../../../clusterfile/index.ts';
import { type Cidr, parseCidr } from '../../../clusterfile/network.ts';
import { type Fields, listOf, mapOf, numberOf, stringOf } from '../../../kubernetes/fields.ts';
import type { RuntimeName } from '../../../runtime/runtime.ts';

export interface Circumstances {
  /** Of the API servers. */
  readonly apiPort: number;
  /** etcd is elsewhere. */
  readonly hasExternalStore: boolean;
  /** The kubelet starts where there is swap. */
  readonly allowsSwap: boolean;
  /** The kubelet starts on cgroup v1, whatever its version. */
  readonly allowsCgroupV1: boolean;
  /** Checks of kubeadm that are not to count, as kubeadm names them. */
  readonly ignoredChecks: ReadonlySet<string>;
  /** Undefined for an image of apps alone. */
  readonly networks: Networks | undefined;
}

export interface Networks {
  readonly pods: readonly Cidr[];
  readonly services: readonly Cidr[];
}

/** The drivers' defaults: kubeadm's are those of the Go sealer, the others' are their own. */
const NETWORKS: Readonly<Record<RuntimeName, { readonly pods: string; readonly services: string }>> = {
  kubeadm: { pods: '100.64.0.0/10', services: '10.96.0.0/22' },
  k3s: { pods: '10.42.0.0/16', services: '10.43.0.0/16' },
  k0s: { pods: '10.244.0.0/16', services: '10.96.0.0/12' },
};

/**
 * @param imageEnv variables of the image; those of the Clusterfile stand above
 * @param imageConfig documents of the image's own configuration (etc/kubeadm.yml, etc/k3s.yml, etc/k0s.yaml)
 */
export function circumstancesOf(
  clusterfile: Clusterfile,
  runtime: RuntimeName | undefined,
  imageEnv: Readonly<Record<string, string>>,
  imageConfig: readonly Fields[],
): Circumstances {
  const env = { ...imageEnv, ...clusterfile.cluster.env };
  const read = { kubeadm: ofKubeadm, k3s: ofK3s, k0s: ofK0s };
  const own = read[runtime ?? 'kubeadm'](clusterfile, imageConfig);
  const defaults = runtime && NETWORKS[runtime];
  return {
    apiPort: own.apiPort ?? 6443,
    hasExternalStore: own.hasExternalStore,
    allowsSwap: own.allowsSwap,
    allowsCgroupV1: own.allowsCgroupV1,
    ignoredChecks: new Set(runtime === 'kubeadm' ? words(env.KubeadmIgnorePreflightErrors) : []),
    networks: defaults && {
      pods: cidrs(own.pods.user, env.PodCIDR, own.pods.image, defaults.pods),
      services: cidrs(own.services.user, env.SvcCIDR, own.services.image, defaults.services),
    },
  };
}

interface OwnSettings extends Pick<Circumstances, 'hasExternalStore' | 'allowsSwap' | 'allowsCgroupV1'> {
  readonly apiPort: number | undefined;
  readonly pods: Sources;
  readonly services: Sources;
}

interface Sources {
  readonly user: unknown;
  readonly image: unknown;
}

function ofKubeadm({ kubeadm }: Clusterfile, image: readonly Fields[]): OwnSettings {
  const imageOf = (kind: string): Fields => mapOf(image.find((document) => document.kind === kind));
  const kubelet = { ...imageOf('KubeletConfiguration'), ...kubeadm.KubeletConfiguration };
  const [user, base] = [mapOf(kubeadm.ClusterConfiguration), imageOf('ClusterConfiguration')];
  const endpoint = (init: unknown) => numberOf(mapOf(mapOf(init).localAPIEndpoint).bindPort);
  return {
    apiPort: endpoint(kubeadm.InitConfiguration) ?? endpoint(imageOf('InitConfiguration')),
    hasExternalStore: mapOf(user.etcd ?? base.etcd).external !== undefined,
    allowsSwap: kubelet.failSwapOn === false,
    allowsCgroupV1: kubelet.failCgroupV1 === false,
    pods: { user: mapOf(user.networking).podSubnet, image: mapOf(base.networking).podSubnet },
    services: { user: mapOf(user.networking).serviceSubnet, image: mapOf(base.networking).serviceSubnet },
  };
}

function ofK3s({ k3s }: Clusterfile, [image = {}]: readonly Fields[]): OwnSettings {
  const user = k3s?.server ?? {};
  const both = { ...image, ...user };
  const arguments_ = [...listOf(both['kubelet-arg']), both['kubelet-arg'], ...listOf(k3s?.agent['kubelet-arg'])];
  return {
    apiPort: Number(user['https-listen-port']) || undefined,
    hasExternalStore: stringOf(both['datastore-endpoint']) !== undefined,
    // k3s starts its kubelet that way.
    allowsSwap: true,
    allowsCgroupV1: arguments_.some((each) => typeof each === 'string' && /^(?:--)?fail-cgroupv1=false$/.test(each)),
    pods: { user: user['cluster-cidr'], image: image['cluster-cidr'] },
    services: { user: user['service-cidr'], image: image['service-cidr'] },
  };
}

function ofK0s({ k0s }: Clusterfile, [image]: readonly Fields[]): OwnSettings {
  const [user, base] = [mapOf(mapOf(k0s).spec), mapOf(mapOf(image).spec)];
  const profiles = [...listOf(user.workerProfiles), ...listOf(base.workerProfiles)].map((each) =>
    mapOf(mapOf(each).values),
  );
  return {
    apiPort: numberOf(mapOf(user.api).port) ?? numberOf(mapOf(base.api).port),
    hasExternalStore: [user, base].some(
      ({ storage }) => mapOf(mapOf(storage).etcd).externalCluster !== undefined || mapOf(storage).type === 'kine',
    ),
    // k0s' own profiles say so.
    allowsSwap: true,
    allowsCgroupV1: profiles.some(({ failCgroupV1 }) => failCgroupV1 === false),
    pods: { user: mapOf(user.network).podCIDR, image: mapOf(base.network).podCIDR },
    services: { user: mapOf(user.network).serviceCIDR, image: mapOf(base.network).serviceCIDR },
  };
}

/** The first source that says something. */
function cidrs(...sources: readonly unknown[]): readonly Cidr[] {
  const said = sources.map((source) => (Array.isArray(source) ? source.join(',') : stringOf(source))).find(Boolean);
  return words(said).flatMap((word) => parseCidr(word) ?? []);
}

function words(list: string | undefined): readonly string[] {
  return (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
