/** The certificate that all servers show, and where k3s keeps it. */

import type { Host } from '../../hosts/host.ts';
import type { K3sCluster } from './cluster.ts';

/**
 * Takes it away from a stopped server and, where another one answers, out of the cluster: k3s makes another
 * (k3s: pkg/cluster/https.go).
 */
export async function wipeServingCertificate({ context, dataDir, kubectl }: K3sCluster, host: Host): Promise<void> {
  const { signal } = context;
  await host.exec({ argv: ['rm', '-f', `${dataDir}/server/tls/dynamic-cert.json`], signal });
  const argv = ['delete', 'secret', '--namespace', 'kube-system', 'k3s-serving', '--ignore-not-found'];
  await kubectl(argv, { signal, allowFailure: true, timeoutMs: 60_000 });
}
