/** A client of a cluster's API that goes through a master. */

import type { Host } from '../../hosts/host.ts';
import { KubernetesClient, parseKubeconfig } from '../../kubernetes/index.ts';
import { openTunnel } from './tunnel.ts';

export interface ClusterApi extends AsyncDisposable {
  readonly client: KubernetesClient;
}

/**
 * @param kubeconfig the administrator's, as the runtime gives it
 * @throws SealerError KUBECONFIG_INVALID
 */
export async function openClusterApi(host: Host, kubeconfig: string, signal: AbortSignal): Promise<ClusterApi> {
  const access = parseKubeconfig(kubeconfig);
  const { hostname, port } = new URL(access.server);
  await using stack = new AsyncDisposableStack();
  const tunnel = stack.use(
    await openTunnel(host, hostname.replace(/^\[(.*)\]$/, '$1'), Number(port === '' ? 443 : port)),
  );
  const client = stack.use(new KubernetesClient(access, { signal, address: tunnel.authority }));
  const kept = stack.move();
  return { client, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}
