/** The driver as a whole. */

import { dump, load } from 'js-yaml';
import { mapOf, mapsOf } from '../../kubernetes/fields.ts';
import type { Runtime, RuntimeContext } from '../runtime.ts';
import { backUp } from './backup.ts';
import { type K0sCluster, LIMITS, type Limits } from './cluster.ts';
import { deleteMasters } from './delete-masters.ts';
import { deleteNodes } from './delete-nodes.ts';
import { init, joinMasters } from './join-masters.ts';
import { joinNodes } from './join-nodes.ts';
import { masterAccess } from './masters.ts';
import { getClusterMetadata } from './metadata.ts';
import { mirror } from './mirror.ts';
import { observeHost } from './observe.ts';
import { API_PORT, K0S } from './paths.ts';
import { prepare } from './prepare.ts';
import { reset } from './reset.ts';
import { captureSecret } from './secrets.ts';
import { updateCert } from './update-cert.ts';
import { upgrade } from './upgrade.ts';

/** k0s on the hosts of a context. @param limits how long things may take */
export function createK0s(context: RuntimeContext, limits: Limits = LIMITS): Runtime {
  const { kubectl, liveMaster } = masterAccess(context);
  const cluster: K0sCluster = { context, limits, kubectl, liveMaster };
  return {
    name: 'k0s',
    prepare: (hosts) => prepare(cluster, hosts),
    init: () => init(cluster),
    joinMasters: (hosts) => joinMasters(cluster, hosts),
    joinNodes: (hosts) => joinNodes(cluster, hosts),
    deleteMasters: (hosts) => deleteMasters(cluster, hosts),
    deleteNodes: (hosts) => deleteNodes(cluster, hosts),
    upgrade: (to) => upgrade(cluster, to),
    reset: (hosts) => reset(cluster, hosts),
    updateCert: (sans) => updateCert(cluster, sans),
    mirror: (hosts) => mirror(cluster, hosts),
    getClusterMetadata: () => getClusterMetadata(cluster),
    observe: async (host) => {
      const { member, version, reason } = await observeHost(host, context.signal);
      return { member, version, reason };
    },
    kubectl,
    kubeconfig: () => kubeconfig(cluster),
    snapshot: async () => backUp(cluster, context.masters[0] ?? (await liveMaster())),
  };
}

/** k0s writes an address that an outsider may not reach (localhost, or a name); the certificate has the master's. */
async function kubeconfig(cluster: K0sCluster): Promise<string> {
  const master = await cluster.liveMaster();
  const text = await captureSecret(cluster, master, 'admin.conf', [K0S, 'kubeconfig', 'admin']);
  const config = mapOf(load(text));
  const host = master.address.includes(':') ? `[${master.address}]` : master.address;
  const clusters = mapsOf(config.clusters).map((each) => ({
    ...each,
    cluster: { ...mapOf(each.cluster), server: `https://${host}:${portOf(mapOf(each.cluster).server)}` },
  }));
  return dump({ ...config, clusters }, { lineWidth: -1 });
}

function portOf(server: unknown): string {
  const port = typeof server === 'string' && URL.canParse(server) ? new URL(server).port : '';
  return port === '' ? `${API_PORT}` : port;
}
