/** The file for `kubeadm join`. */

import { type Fields, mapOf } from '../../../kubernetes/fields.ts';
import { kubeadmApi } from './api-version.ts';
import { lowerDocument } from './convert.ts';
import { type HostInput, onHost, onNode, onOurRuntime } from './init-config.ts';
import { mergeDocuments } from './merge.ts';
import { joinHostPort, type Settings } from './settings.ts';
import { writeDocuments } from './yaml.ts';

export interface JoinSecrets {
  readonly token: string;
  /** `sha256:…` of the public key of the cluster's authority. */
  readonly caHash: string;
  /** Only for masters. */
  readonly certificateKey?: string | undefined;
}

/** A JoinConfiguration; the text holds secrets. With a certificate key it makes a master of the host. */
export function joinConfig(settings: Settings, kubeVersion: string, host: HostInput, secrets: JoinSecrets): string {
  const { endpoint } = settings;
  const { token, caHash, certificateKey } = secrets;
  const { localAPIEndpoint, ...node } =
    certificateKey === undefined ? { nodeRegistration: onNode(host) } : onHost(host);
  const forMaster: Fields = {
    controlPlane: { localAPIEndpoint: { ...mapOf(localAPIEndpoint), bindPort: settings.apiPort }, certificateKey },
  };
  const bound: Fields = {
    discovery: {
      bootstrapToken: {
        token,
        apiServerEndpoint: joinHostPort(endpoint.host, endpoint.port),
        caCertHashes: [caHash],
      },
      tlsBootstrapToken: token,
    },
    ...node,
    ...(certificateKey === undefined ? {} : forMaster),
  };
  const join = mergeDocuments(onOurRuntime(settings.join), bound);
  return writeDocuments([lowerDocument('JoinConfiguration', join, kubeadmApi(kubeVersion))]);
}
