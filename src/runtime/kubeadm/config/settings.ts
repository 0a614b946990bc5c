/** What a cluster's kubeadm is told, before anything of a single run or host comes in. */

import type { Clusterfile } from '../../../clusterfile/desired.ts';
import { type Fields, mapOf, numberOf, stringOf } from '../../../kubernetes/fields.ts';
import type { RuntimeImage } from '../../runtime.ts';
import { isAtLeast } from '../../version.ts';
import { bundledImages, bundledRepository } from './bundled.ts';
import { liftDocument } from './convert.ts';
import { mergeDocuments } from './merge.ts';
import { readDocuments } from './yaml.ts';

/** What masters and nodes reach the API by; each host has its own way there. */
export const ENDPOINT_NAME = 'apiserver.cluster.local';

export interface Settings {
  /** All v1beta4. */
  readonly init: Fields;
  readonly cluster: Fields;
  readonly join: Fields;
  readonly kubelet: Fields;
  readonly proxy: Fields;
  readonly endpoint: Endpoint;
  /** Where API servers listen. */
  readonly apiPort: number;
  readonly cgroupDriver: 'systemd' | 'cgroupfs';
  /** Name of the bundled pause image; undefined: containerd's own default. */
  readonly pauseImage: string | undefined;
  /** Checks of kubeadm that are not to stop it. */
  readonly ignoredChecks: readonly string[];
}

export interface Endpoint {
  readonly host: string;
  readonly port: number;
  /** Each host finds it by a line in /etc/hosts; else it is a name or address that the user cares for. */
  readonly isOurs: boolean;
}

/** What the first master is, as far as it decides what the cluster gets. */
export interface Ground {
  readonly isContainer: boolean;
  readonly init: 'systemd' | 'openrc' | 'unknown';
  readonly cgroupVersion: 1 | 2;
}

export interface SettingsInput {
  readonly cluster: Pick<Clusterfile, 'kubeadm'>;
  readonly image: Pick<RuntimeImage, 'kubeVersion' | 'images' | 'env'>;
  /** The image's etc/kubeadm.yml, if it has one. */
  readonly imageConfig: string | undefined;
  /** Addresses of all masters, those to be as well. */
  readonly masters: readonly string[];
  readonly ground: Ground;
  /** `host:port` that Clusterfiles call the cluster's own registry by, if it has one. */
  readonly ownRegistry?: string | undefined;
}

/**
 * The Clusterfile's documents over the image's etc/kubeadm.yml over our own (how: merge.ts). Values of the environment
 * (PodCIDR, SvcCIDR, DNSDomain, CgroupDriver, CertSANs) stand between the Clusterfile's and the image's.
 * @throws SealerError IMAGE_UNFIT for an etc/kubeadm.yml that is no YAML
 */
export function settingsOf({ cluster, image, imageConfig, masters, ground, ownRegistry }: SettingsInput): Settings {
  const own = ownDocuments(image, ground);
  const ofImage = imageConfig === undefined ? {} : readDocuments(imageConfig, "the image's etc/kubeadm.yml");
  const ofEnv = environmentDocuments(image.env);
  const documentOf = (kind: string): Fields =>
    [ofImage[kind], ofEnv[kind], liftDocument(kind, cluster.kubeadm[kind] ?? {})].reduce<Fields>(
      (below, over) => mergeDocuments(below, over ?? {}),
      own[kind] ?? {},
    );
  const init = documentOf('InitConfiguration');
  const port = numberOf(mapOf(init.localAPIEndpoint).bindPort) ?? 6443;
  const merged = documentOf('ClusterConfiguration');
  const endpoint = endpointOf(stringOf(merged.controlPlaneEndpoint), port);
  const asked = stringOf(cluster.kubeadm.ClusterConfiguration?.imageRepository);
  const isOwn = asked !== undefined && asked.split('/')[0] === ownRegistry;
  const repository = repositoryOf(image, merged, isOwn ? undefined : asked);
  const sans = ['127.0.0.1', endpoint.host, ...masters];
  const kubelet = documentOf('KubeletConfiguration');
  const networking = mapOf(merged.networking);
  return {
    init,
    cluster: mergeDocuments(withBundledTags(merged, image, repository), {
      kubernetesVersion: image.kubeVersion,
      controlPlaneEndpoint: joinHostPort(endpoint.host, endpoint.port),
      imageRepository: repository,
      apiServer: { certSANs: sans },
    }),
    join: documentOf('JoinConfiguration'),
    kubelet,
    proxy: mergeDocuments({ clusterCIDR: stringOf(networking.podSubnet) }, documentOf('KubeProxyConfiguration')),
    endpoint,
    apiPort: port,
    cgroupDriver: kubelet.cgroupDriver === 'systemd' ? 'systemd' : 'cgroupfs',
    pauseImage: bundledImages(image, 'pause', repository)[0]?.name,
    ignoredChecks: ignoredChecks(image.env, kubelet, ground),
  };
}

/** `host:port`, an IPv6 address in brackets. */
export function joinHostPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** The networks are those of the Go sealer, which images made for it rely on. */
function ownDocuments(
  { kubeVersion }: Pick<RuntimeImage, 'kubeVersion'>,
  ground: Ground,
): Readonly<Record<string, Fields>> {
  // A host in a container on cgroup v1 has no tree of its own that its systemd could delegate.
  const hasSlices = ground.init === 'systemd' && (!ground.isContainer || ground.cgroupVersion === 2);
  return {
    ClusterConfiguration: {
      networking: { podSubnet: '100.64.0.0/10', serviceSubnet: '10.96.0.0/22', dnsDomain: 'cluster.local' },
    },
    KubeletConfiguration: {
      cgroupDriver: hasSlices ? 'systemd' : 'cgroupfs',
      // The swap of a container is its host's; nobody in it can turn it off.
      ...(ground.isContainer ? { failSwapOn: false } : {}),
      ...(ground.cgroupVersion === 1 && isAtLeast(kubeVersion, 1, 35) ? { failCgroupV1: false } : {}),
    },
    // The kernel's table of connections belongs to the host of a container as well.
    KubeProxyConfiguration: ground.isContainer ? { conntrack: { maxPerCore: 0 } } : {},
  };
}

/** The names are the Go sealer's. */
function environmentDocuments(env: Readonly<Record<string, string>>): Readonly<Record<string, Fields>> {
  const networking = Object.entries({ podSubnet: env.PodCIDR, serviceSubnet: env.SvcCIDR, dnsDomain: env.DNSDomain });
  return {
    ClusterConfiguration: {
      networking: Object.fromEntries(networking.filter(([, value]) => value !== undefined && value !== '')),
      apiServer: { certSANs: words(env.CertSANs) },
    },
    KubeletConfiguration: env.CgroupDriver === undefined ? {} : { cgroupDriver: env.CgroupDriver },
  };
}

function endpointOf(text: string | undefined, port: number): Endpoint {
  const [, bracketed, plain, own] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text ?? '') ?? [];
  const host = bracketed ?? plain ?? ENDPOINT_NAME;
  return { host, port: own === undefined ? port : Number(own), isOurs: host === ENDPOINT_NAME };
}

/**
 * What the Clusterfile says (unless that is the cluster's own registry, as the Go sealer wanted it: ours has all images under
 * their own names); else where the bundled images come from; else what the image says; else kubeadm's default.
 */
function repositoryOf(
  image: Pick<RuntimeImage, 'images' | 'kubeVersion'>,
  merged: Fields,
  asked: string | undefined,
): string {
  const own = asked ?? bundledRepository(image) ?? stringOf(merged.imageRepository);
  return own ?? (isAtLeast(image.kubeVersion, 1, 25) ? 'registry.k8s.io' : 'k8s.gcr.io');
}

/** etcd and CoreDNS have versions of their own: those that are bundled, unless somebody asked for others. */
export function withBundledTags(cluster: Fields, image: Pick<RuntimeImage, 'images'>, repository: string): Fields {
  const [dns] = bundledImages(image, 'coredns', repository);
  const [etcd] = bundledImages(image, 'etcd', repository);
  const external = mapOf(cluster.etcd).external;
  const below: Fields = {
    ...(dns === undefined ? {} : { dns: { imageRepository: dns.prefix, imageTag: dns.tag } }),
    ...(etcd === undefined || external !== undefined
      ? {}
      : { etcd: { local: { imageRepository: etcd.prefix, imageTag: etcd.tag } } }),
  };
  return mergeDocuments(below, cluster);
}

function ignoredChecks(env: Readonly<Record<string, string>>, kubelet: Fields, ground: Ground): readonly string[] {
  return [
    ...words(env.KubeadmIgnorePreflightErrors),
    ...(kubelet.failSwapOn === false ? ['Swap'] : []),
    // In a container neither the kernel's configuration nor the switches of bridges can be seen.
    ...(ground.isContainer ? ['SystemVerification', 'FileContent--proc-sys-net-bridge-bridge-nf-call-iptables'] : []),
  ];
}

function words(list: string | undefined): readonly string[] {
  return (list ?? '')
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');
}
