/** The kinds of documents that a Clusterfile may have. */

import { CLUSTER, CLUSTER_V1, METADATA } from './cluster-fields.ts';
import { KUBEADM_CONFIG } from './kubeadm-fields.ts';
import { APPLICATION, CONFIG, PLUGIN } from './other-fields.ts';
import { any, type Fields, type ObjectShape, object, type Shape, text } from './shape.ts';

export interface Kind {
  readonly name: string;
  readonly apiVersion: RegExp;
  /** One that is right, for hints. */
  readonly example: string;
  /** The whole document. */
  readonly shape: ObjectShape | { readonly type: 'raw'; readonly about: string };
  /** Further shapes that the document may have instead. */
  readonly older?: ObjectShape;
}

/** Groups and versions that sealer's own kinds had over the years. */
const OURS = /^(?:sealer\.(?:cloud|io|aliyun\.com))\/(?:v1|v2|v1alpha1|v2alpha1)$/;
const KUBEADM = /^kubeadm\.k8s\.io\/v\d+(?:(?:alpha|beta)\d+)?$/;

export const KINDS: readonly Kind[] = [
  own('Cluster', 'What the cluster is.', CLUSTER, CLUSTER_V1),
  own('Config', 'A change to a file of the image.', CONFIG),
  own('Plugin', 'Something that runs at a phase.', PLUGIN),
  own('Application', 'How apps are launched.', APPLICATION),
  own('KubeadmConfig', 'Settings of kubeadm in one document.', KUBEADM_CONFIG),
  {
    ...own('K3sConfig', 'Keys of /etc/rancher/k3s/config.yaml.', {}),
    shape: raw('Keys of /etc/rancher/k3s/config.yaml.'),
  },
  kubeadm('InitConfiguration'),
  kubeadm('ClusterConfiguration'),
  kubeadm('JoinConfiguration'),
  component('KubeletConfiguration', 'kubelet.config.k8s.io'),
  component('KubeProxyConfiguration', 'kubeproxy.config.k8s.io'),
  {
    name: 'ClusterConfig',
    apiVersion: /^k0s\.k0sproject\.io\/v\w+$/,
    example: 'k0s.k0sproject.io/v1beta1',
    shape: raw('Settings of k0s.'),
  },
];

export const KIND_NAMES: readonly string[] = KINDS.map(({ name }) => name);

function own(name: string, about: string, fields: Fields, older?: Fields): Kind {
  const kind = { name, apiVersion: OURS, example: 'sealer.cloud/v2', shape: document(about, name, fields) };
  return older === undefined ? kind : { ...kind, older: document(`${about} The v1 of it.`, name, older) };
}

function document(about: string, kind: string, fields: Fields): ObjectShape {
  return object(about, {
    apiVersion: text('The version of the document.', { isRequired: true, isLiteral: true }),
    kind: text('What the document is.', { isRequired: true, isLiteral: true, oneOf: [kind] }),
    metadata: object('Its name.', METADATA),
    spec: object(about, fields, { isRequired: hasRequired(fields) }),
    status: any('Written by the Go sealer; not used.', { isIgnored: true }),
  });
}

function hasRequired(fields: Fields): boolean {
  return Object.values(fields).some((shape: Shape) => shape.isRequired === true);
}

function raw(about: string): { readonly type: 'raw'; readonly about: string } {
  return { type: 'raw', about };
}

function kubeadm(name: string): Kind {
  return { name, apiVersion: KUBEADM, example: 'kubeadm.k8s.io/v1beta3', shape: raw(`kubeadm's own ${name}.`) };
}

function component(name: string, group: string): Kind {
  const apiVersion = new RegExp(`^${group.replaceAll('.', '\\.')}/v\\d+(?:(?:alpha|beta)\\d+)?$`);
  return {
    name,
    apiVersion,
    example: `${group}/v1alpha1`.replace('kubelet.config.k8s.io/v1alpha1', 'kubelet.config.k8s.io/v1beta1'),
    shape: raw(`Kubernetes' own ${name}.`),
  };
}
