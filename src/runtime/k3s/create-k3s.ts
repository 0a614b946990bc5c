/** The driver of k3s: what the interface asks, each in a file of its own. */

import { SealerError } from '../../error.ts';
import type { CreateRuntime, Runtime } from '../runtime.ts';
import { initFirst, joinAgents, joinServers } from './bring-up.ts';
import { createCluster, type K3sCluster } from './cluster.ts';
import { deleteServers } from './delete-masters.ts';
import { deleteAgents, resetHosts } from './delete-nodes.ts';
import { clusterMetadata } from './metadata.ts';
import { observeHost } from './observe.ts';
import { KUBECONFIG, serverUrl } from './paths.ts';
import { mirrorHosts, prepareHosts } from './prepare.ts';
import { takeSnapshot } from './snapshot.ts';
import { updateServerCert } from './update-cert.ts';
import { upgradeCluster } from './upgrade.ts';

/** @see Runtime */
export const createK3s: CreateRuntime = (context): Runtime => {
  const cluster = createCluster(context);
  return {
    name: 'k3s',
    prepare: (hosts) => prepareHosts(cluster, hosts),
    init: () => initFirst(cluster),
    joinMasters: (hosts) => joinServers(cluster, hosts),
    joinNodes: (hosts) => joinAgents(cluster, hosts),
    deleteMasters: (departing) => deleteServers(cluster, departing),
    deleteNodes: (departing) => deleteAgents(cluster, departing),
    upgrade: (to) => upgradeCluster(cluster, to),
    reset: (departing) => resetHosts(cluster, departing),
    updateCert: (sans) => updateServerCert(cluster, sans),
    mirror: (hosts) => mirrorHosts(cluster, hosts),
    getClusterMetadata: () => clusterMetadata(cluster),
    observe: (host) => observeHost(cluster, host),
    kubectl: cluster.kubectl,
    kubeconfig: () => kubeconfigOf(cluster),
    snapshot: () => takeSnapshot(cluster),
  };
};

/** k3s's own names this very host as the server. */
async function kubeconfigOf(cluster: K3sCluster): Promise<string> {
  const host = await cluster.liveMaster();
  const text = await host.readText(KUBECONFIG, { signal: cluster.context.signal });
  if (text === undefined) {
    throw new SealerError('CLUSTER_UNREACHABLE', `${host.label} has no ${KUBECONFIG}`, {
      hint: 'Look at `systemctl status k3s` there.',
    });
  }
  return text.replace(/(\bserver:\s*)https:\/\/(?:127\.0\.0\.1|localhost|\[::1\]):\d+/g, (_, key: string) => {
    return `${key}${serverUrl(host.address, cluster.port)}`;
  });
}
