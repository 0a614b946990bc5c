/**
 * The content of k3s's config.yaml, whose keys are its flags (k3s docs: installation/configuration). Ours come over the
 * Clusterfile's K3sConfig, that over the image's ENV (PodCIDR, SvcCIDR, CertSANs), that over the image's etc/k3s.yml. Lists
 * are replaced as a whole, but for names, labels and taints, which are added up.
 */

import { isIP } from 'node:net';
import type { HostSpec } from '../../clusterfile/desired.ts';
import { type Fields, listOf, stringOf } from '../../kubernetes/fields.ts';
import type { RuntimeImage } from '../runtime.ts';
import { labelsOf, taintsOf } from './node-options.ts';
import type { OwnFiles } from './paths.ts';
import { hasDefaultEndpointFlag } from './versions.ts';

/** What a config is made of. */
export interface ConfigSources {
  readonly image: RuntimeImage;
  /** The image's etc/k3s.yml. */
  readonly imageConfig: Fields;
  /** The Clusterfile's K3sConfig. */
  readonly desired: { readonly server: Fields; readonly agent: Fields };
  readonly dataDir: string;
  readonly files: OwnFiles;
  readonly host: HostSpec | undefined;
  readonly address: string;
}

/** What a server's config depends on beside that. */
export interface ServerPlace {
  /** Where it joins; undefined: it makes the cluster. */
  readonly server?: string | undefined;
  /** What all servers have to have alike: of a server that is there. */
  readonly critical?: Fields | undefined;
  /** Names of the API server's certificate beside the config's. */
  readonly sans: readonly string[];
}

/**
 * What has to be the same on all servers: else the joining one ends with `critical configuration value mismatch` (k3s docs:
 * cli/server, "Critical Configuration Values").
 */
const CRITICAL = [
  'cluster-cidr',
  'cluster-dns',
  'cluster-domain',
  'disable',
  'disable-cloud-controller',
  'disable-helm-controller',
  'disable-kube-proxy',
  'disable-network-policy',
  'egress-selector-mode',
  'embedded-registry',
  'flannel-backend',
  'flannel-external-ip',
  'flannel-ipv6-masq',
  'secrets-encryption',
  'service-cidr',
  'service-node-port-range',
];

/** Of the keys that servers have, those that agents take as well: any other ends an agent of an older release. */
const AGENT_KEYS = [
  'airgap-extra-registry',
  'container-runtime-endpoint',
  'data-dir',
  'debug',
  'docker',
  'flannel-conf',
  'flannel-iface',
  'image-credential-provider-bin-dir',
  'image-credential-provider-config',
  'image-service-endpoint',
  'kube-proxy-arg',
  'kubelet-arg',
  'lb-server-port',
  'node-external-ip',
  'node-label',
  'node-taint',
  'pause-image',
  'prefer-bundled-bin',
  'private-registry',
  'protect-kernel-defaults',
  'resolv-conf',
  'selinux',
  'snapshotter',
  'v',
  'vmodule',
  'with-node-id',
];

/** Secrets that belong into files, and what tells where a host is: never from an image or a Clusterfile. */
const OURS = [
  'token',
  'token-file',
  'agent-token',
  'agent-token-file',
  'server',
  'cluster-init',
  'cluster-reset',
  'agent',
];
/** An image cannot move what the driver has to find before it knows the image. */
const NOT_THE_IMAGES = ['data-dir', 'https-listen-port', 'node-ip', 'node-name'];

/** The config of a server. Its etcd is the built-in one from the beginning, so that others can join at any time. */
export function serverConfig(sources: ConfigSources, { server, critical, sans }: ServerPlace): Fields {
  const { desired, imageConfig, image, files } = sources;
  const fromEnv = { ...entry('cluster-cidr', image.env.PodCIDR), ...entry('service-cidr', image.env.SvcCIDR) };
  const config = {
    ...without(imageConfig, [...OURS, ...NOT_THE_IMAGES]),
    ...fromEnv,
    ...without(desired.server, OURS),
  };
  const certSans = (image.env.CertSANs ?? '').split(',').map((san) => san.trim());
  const hasOwnStore = stringOf(config['datastore-endpoint']) !== undefined;
  return tidy({
    'write-kubeconfig-mode': '0600',
    ...(critical === undefined ? config : { ...without(config, CRITICAL), ...only(critical, CRITICAL) }),
    ...node(sources, config),
    'tls-san': textsOf(config['tls-san'], certSans, sans),
    'token-file': files.token,
    'agent-token-file': files.agentToken,
    ...(server === undefined ? (hasOwnStore ? {} : { 'cluster-init': true }) : { server }),
  });
}

/** The config of an agent. */
export function agentConfig(sources: ConfigSources, server: string): Fields {
  const { desired, imageConfig, files } = sources;
  const ofImage = { ...only(without(imageConfig, NOT_THE_IMAGES), AGENT_KEYS), ...agentPart(imageConfig) };
  const config = { ...ofImage, ...only(desired.server, AGENT_KEYS), ...without(desired.agent, OURS) };
  return tidy({ ...config, ...node(sources, config), 'token-file': files.agentToken, server });
}

/** The file: values as JSON, which is YAML, so that every release reads them alike; keys in order. */
export function renderConfig(config: Fields): string {
  const lines = Object.keys(config)
    .toSorted()
    .map((key) => `${/^[a-z][a-z0-9-]*\+?$/.test(key) ? key : JSON.stringify(key)}: ${JSON.stringify(config[key])}\n`);
  return `# Written by sealer.\n${lines.join('')}`;
}

/** The values of list keys, which may be written as one text. */
export function textsOf(...values: readonly unknown[]): readonly string[] {
  const texts = values.flatMap((value) => (typeof value === 'string' ? [value] : listOf(value).map(String)));
  return [...new Set(texts.map((text) => text.trim()).filter((text) => text !== ''))];
}

function node({ image, host, address, dataDir }: ConfigSources, config: Fields): Fields {
  const pause = image.images.find((name) => /\/(?:mirrored-)?pause(?::|@|$)/.test(name));
  return {
    ...(config['pause-image'] === undefined && pause !== undefined ? { 'pause-image': pause } : {}),
    ...(hasDefaultEndpointFlag(image.kubeVersion) ? { 'disable-default-registry-endpoint': true } : {}),
    ...(isIP(address) === 0 || config['node-ip'] !== undefined ? {} : { 'node-ip': address }),
    ...(dataDir === '/var/lib/rancher/k3s' ? {} : { 'data-dir': dataDir }),
    'node-label': textsOf(config['node-label'], labelsOf(host)),
    'node-taint': textsOf(config['node-taint'], taintsOf(host)),
  };
}

function agentPart(config: Fields): Fields {
  const agent = config.agent;
  return typeof agent === 'object' && agent !== null ? without({ ...agent }, [...OURS, ...NOT_THE_IMAGES]) : {};
}

function tidy(config: Fields): Fields {
  return Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined && value !== null && !isEmptyList(value)),
  );
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function entry(key: string, value: string | undefined): Fields {
  return value === undefined || value === '' ? {} : { [key]: value };
}

function only(fields: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => keys.includes(key.replace(/\+$/, ''))));
}

function without(fields: Fields, keys: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([key]) => !keys.includes(key.replace(/\+$/, ''))));
}
