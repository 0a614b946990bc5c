/** The file for `kubeadm init`. */

import { isIP } from 'node:net';
import type { Fields } from '../../../kubernetes/fields.ts';
import { CRI_SOCKET } from '../places.ts';
import { kubeadmApi } from './api-version.ts';
import { lowerDocument, lowerPair } from './convert.ts';
import { mergeDocuments } from './merge.ts';
import type { Settings } from './settings.ts';
import { writeDocuments } from './yaml.ts';

export interface HostInput {
  readonly address: string;
  /** Undefined: the host's name. */
  readonly nodeName: string | undefined;
}

export interface InitSecrets {
  readonly token: string;
  readonly certificateKey: string;
}

/** All documents; the text holds secrets. */
export function initConfig(settings: Settings, kubeVersion: string, host: HostInput, secrets: InitSecrets): string {
  const api = kubeadmApi(kubeVersion);
  const init = mergeDocuments(onOurRuntime(settings.init), {
    ...onHost(host),
    bootstrapTokens: [{ token: secrets.token, ttl: '30m0s' }],
    certificateKey: secrets.certificateKey,
  });
  return writeDocuments([
    ...lowerPair(init, settings.cluster, api),
    lowerDocument('KubeletConfiguration', settings.kubelet, api),
    lowerDocument('KubeProxyConfiguration', settings.proxy, api),
  ]);
}

/** What makes a node answer under the address that we know it by; nothing of it if that is a name. */
export function onHost({ address, nodeName }: HostInput): Fields {
  const isAddress = isIP(address) !== 0;
  return {
    ...(isAddress ? { localAPIEndpoint: { advertiseAddress: address } } : {}),
    nodeRegistration: onNode({ address, nodeName }),
  };
}

/** The same for a host that is no master. */
export function onNode({ address, nodeName }: HostInput): Fields {
  return {
    ...(nodeName === undefined ? {} : { name: nodeName }),
    ...(isIP(address) === 0 ? {} : { kubeletExtraArgs: [{ name: 'node-ip', value: address }] }),
  };
}

/** A file for phases of kubeadm that have to know the cluster: the documents of it alone. */
export function clusterConfig(cluster: Fields, init: Fields, kubeVersion: string): string {
  return writeDocuments([...lowerPair(onOurRuntime(init), cluster, kubeadmApi(kubeVersion))]);
}

/**
 * A document with nodeRegistration, on the container runtime that we set up, whatever it says: Clusterfiles written for the Go
 * sealer often name the socket of docker.
 */
export function onOurRuntime(document: Fields): Fields {
  const own: Fields = { nodeRegistration: { criSocket: CRI_SOCKET } };
  return mergeDocuments(mergeDocuments(own, document), own);
}
