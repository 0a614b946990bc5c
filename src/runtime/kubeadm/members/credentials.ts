/** What a host needs to join: made for one run, and taken away after it. */

import { createHash, randomBytes, X509Certificate } from 'node:crypto';
import { SealerError } from '../../../error.ts';
import type { Host } from '../../../hosts/host.ts';
import { clusterConfig } from '../config/init-config.ts';
import type { JoinSecrets } from '../config/join-config.ts';
import type { Driver } from '../driver.ts';
import { CA_CERTIFICATE } from '../places.ts';
import { runKubeadm } from '../run-kubeadm.ts';

const TOKEN_TTL_MS = 60 * 60_000;

/** `abcdef.0123456789abcdef`: a bootstrap token (six and sixteen of [a-z0-9]). */
export function makeToken(): string {
  // Hexadecimal digits are a part of that alphabet; 88 bits are left.
  const hex = randomBytes(11).toString('hex');
  return `${hex.slice(0, 6)}.${hex.slice(6)}`;
}

/** 32 bytes for AES, by which masters' keys are encrypted in the cluster. */
export function makeCertificateKey(): string {
  return randomBytes(32).toString('hex');
}

/** Makes a token, and for masters a certificate key; disposing makes the token worthless. */
export async function joinCredentials(driver: Driver, forMasters: boolean): Promise<JoinSecrets & AsyncDisposable> {
  const live = await driver.liveMaster();
  const caHash = await authorityHash(live, driver.signal);
  const certificateKey = forMasters ? await uploadCertificates(driver, live) : undefined;
  const token = makeToken();
  const [id = '', secret = ''] = token.split('.');
  const name = `bootstrap-token-${id}`;
  const object = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': id,
      'token-secret': secret,
      expiration: new Date(driver.now() + TOKEN_TTL_MS).toISOString().replace(/\.\d+Z$/, 'Z'),
      'usage-bootstrap-authentication': 'true',
      'usage-bootstrap-signing': 'true',
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
      description: 'Of one run of sealer.',
    },
  };
  await driver.kubectl(['create', '-f', '-'], { stdin: JSON.stringify(object) });
  return {
    token,
    caHash,
    certificateKey,
    async [Symbol.asyncDispose]() {
      // It ends by itself in an hour; a run that was interrupted must not hang here.
      const argv = ['-n', 'kube-system', 'delete', 'secret', name, '--ignore-not-found', '--wait=false'];
      const signal = AbortSignal.timeout(15_000);
      await driver.kubectl(argv, { allowFailure: true, signal }).catch(() => {});
    },
  };
}

/** `sha256:…` of the authority's public key (kubeadm: discovery.bootstrapToken.caCertHashes). */
async function authorityHash(host: Host, signal: AbortSignal): Promise<string> {
  const pem = await host.readText(CA_CERTIFICATE, { signal });
  if (pem === undefined) throw new SealerError('CLUSTER_UNREACHABLE', `${CA_CERTIFICATE} is missing on ${host.label}`);
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' });
  return `sha256:${createHash('sha256').update(key).digest('hex')}`;
}

/** Puts the masters' keys into the cluster, encrypted; the cluster forgets them after two hours. */
async function uploadCertificates(driver: Driver, host: Host): Promise<string> {
  const { home, image, signal } = driver;
  const settings = await driver.settings();
  const certificateKey = makeCertificateKey();
  const path = `${home}/upload-certs.yaml`;
  const text = clusterConfig(settings.cluster, { ...settings.init, certificateKey }, image.kubeVersion);
  await host.write(path, text, { mode: 0o600, signal });
  try {
    const words = [
      'init',
      'phase',
      'upload-certs',
      '--upload-certs',
      '--skip-certificate-key-print',
      `--config=${path}`,
    ];
    await runKubeadm(driver, host, words, { secrets: [certificateKey] });
  } finally {
    await host.exec({ argv: ['rm', '-f', path], allowFailure: true }).catch(() => {});
  }
  return certificateKey;
}
