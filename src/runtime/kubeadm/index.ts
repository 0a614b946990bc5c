/** Kubernetes as kubeadm makes it: containerd, static pods, stacked etcd. */

import { SealerError } from '../../error.ts';
import type { CreateRuntime, Runtime, RuntimeContext } from '../runtime.ts';
import { addNames } from './certificates.ts';
import { joinHostPort } from './config/settings.ts';
import { type Driver, lazySettings } from './driver.ts';
import { masterAccess } from './kubectl.ts';
import { deleteMasters, deleteNodes, resetCluster } from './members/delete.ts';
import { initCluster } from './members/init.ts';
import { joinMasters, joinNodes } from './members/join-members.ts';
import { clusterMetadata } from './metadata.ts';
import { mirrorHosts } from './mirror.ts';
import { observeHost } from './observe.ts';
import { ADMIN_CONF } from './places.ts';
import { prepareHosts } from './prepare/index.ts';
import { takeSnapshot } from './snapshot.ts';
import { upgradeCluster } from './upgrade/index.ts';

/** The driver for kubeadm. */
export const createKubeadm: CreateRuntime = (context) => {
  const driver = driverOf(context);
  return {
    name: 'kubeadm',
    prepare: (hosts) => prepareHosts(driver, hosts),
    init: () => initCluster(driver),
    joinMasters: (hosts) => joinMasters(driver, hosts),
    joinNodes: (hosts) => joinNodes(driver, hosts),
    deleteMasters: (hosts) => deleteMasters(driver, hosts),
    deleteNodes: (hosts) => deleteNodes(driver, hosts),
    upgrade: (to) => upgradeCluster(driverOf({ ...context, image: to }, UPGRADE_OUTLASTS_MS)),
    reset: (hosts) => resetCluster(driver, hosts),
    updateCert: (sans) => addNames(driver, sans),
    mirror: (hosts) => mirrorHosts(driver, hosts),
    getClusterMetadata: () => clusterMetadata(driver),
    observe: async (host) => observeHost(driver, host, (await driver.settings()).apiPort),
    kubectl: driver.kubectl,
    kubeconfig: () => kubeconfig(driver),
    snapshot: () => takeSnapshot(driver),
  } satisfies Runtime;
};

/** A new API server is up within a minute; on machines that are busy it takes longer. */
const UPGRADE_OUTLASTS_MS = 3 * 60_000;

function driverOf(context: RuntimeContext, outlastMs = 0): Driver {
  const settings = lazySettings(context);
  const access = masterAccess(context, async () => (await settings()).apiPort, outlastMs);
  const usesAddress = ['true', '1', 'yes'].includes((context.image.env.UseIPasNodeName ?? '').toLowerCase());
  return { ...context, ...access, settings, nodeName: (host) => (usesAddress ? host.address : undefined) };
}

/** The administrator's, with the address of a master that works instead of the name that only members know. */
async function kubeconfig(driver: Driver): Promise<string> {
  const [live, { apiPort }] = await Promise.all([driver.liveMaster(), driver.settings()]);
  const text = await live.readText(ADMIN_CONF, { signal: driver.signal });
  if (text === undefined) throw new SealerError('CLUSTER_NOT_FOUND', `${ADMIN_CONF} is missing on ${live.label}`);
  return text.replace(/^(\s*server:).*$/m, `$1 https://${joinHostPort(live.address, apiPort)}`);
}
