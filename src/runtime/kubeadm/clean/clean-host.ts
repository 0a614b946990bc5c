/** A host that is no member any more becomes what it was before us. */

import { installedFiles, removeFiles } from '../../../hosts/footprint/index.ts';
import type { Host } from '../../../hosts/host.ts';
import { mapOf } from '../../../kubernetes/fields.ts';
import { initOf, reloadServices, stopService } from '../../services/index.ts';
import { type Driver, etcdFolder } from '../driver.ts';
import { removeEndpoint } from '../endpoint/hosts-entry.ts';
import { COMMAND_ENV, CTR, ETCD_FOLDER, PROGRAMS } from '../places.ts';
import { beforePath, FOLDERS } from './before.ts';
import { removePodRoutes } from './pod-routes.ts';
import { CLEAN_ETCD, CLEAN_FOLDERS, CLEAN_NETWORK, END_CONTAINERS, END_PROCESSES, UNMOUNT } from './programs.ts';

/** Where pods' file systems and secrets are mounted. */
const MOUNTED = ['/var/lib/kubelet', '/run/containerd', '/var/lib/containerd'];

/** Slices that the kubelet made in systemd's tree. */
const STOP_SLICES = 'systemctl stop kubepods.slice 2>/dev/null; systemctl reset-failed 2>/dev/null; exit 0';

/**
 * Ends what runs, and takes away what a member leaves that kubeadm's own reset does not: networks, firewall rules, mounts,
 * folders, services, and the files of ours in the footprint. Calling it again goes on where it broke off.
 */
export async function cleanHost(
  { home, signal, settings }: Pick<Driver, 'home' | 'signal' | 'settings'>,
  host: Host,
): Promise<void> {
  const before = beforePath(home);
  const sh = async (program: string, ...values: readonly string[]): Promise<void> => {
    await host.exec({ argv: ['sh', '-c', program, 'sealer', ...values], env: COMMAND_ENV, signal });
  };
  await stopService(host, 'kubelet', { signal });
  await sh(END_CONTAINERS, CTR);
  await stopService(host, 'containerd', { signal });
  await sh(END_PROCESSES, PROGRAMS);
  await sh(UNMOUNT, ...MOUNTED);
  if ((await initOf(host)) === 'systemd') await sh(STOP_SLICES);
  await sh(CLEAN_NETWORK, before);
  await removePodRoutes(host, mapOf((await settings()).cluster.networking), signal);
  await removeEndpoint(host, signal);
  // The registry and the name of the host are not the runtime's: whoever brought them takes them away.
  const own = (await installedFiles(host, home, { signal })).filter(
    (path) => path !== '/etc/hostname' && !/\/sealer-registry[^/]*$/.test(path),
  );
  await removeFiles(host, home, own, { signal });
  await reloadServices(host, { signal });
  await sh(CLEAN_FOLDERS, before, ...FOLDERS);
  const etcd = etcdFolder(await settings());
  if (etcd !== ETCD_FOLDER) await sh(CLEAN_ETCD, before, etcd);
  const notes = ['before', 'kubeadm.json', 'preloaded', 'balancer', 'drained', 'upgrading', 'certificates'].map(
    (name) => `${home}/${name}`,
  );
  await host.exec({ argv: ['rm', '-rf', ...notes], signal });
}
