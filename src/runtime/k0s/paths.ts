/** Where k0s keeps what, and where we put what it reads. */

/** The program; k0s's own unit names it by this path. */
export const K0S = '/usr/local/bin/k0s';

/** Read by every command of k0s on a controller. */
export const CONFIG_FILE = '/etc/k0s/k0s.yaml';

export const DATA_FOLDER = '/var/lib/k0s';

/** Archives in it are imported by the worker on the same host (k0s docs: airgap-install.md). */
export const IMAGES_FOLDER = '/var/lib/k0s/images';

/** containerd's `config_path`. */
export const MIRRORS_FOLDER = '/etc/k0s/containerd.d/certs.d';

/** The services that `k0s install` makes. */
export const CONTROLLER = 'k0scontroller';
export const WORKER = 'k0sworker';

export type Service = typeof CONTROLLER | typeof WORKER;

/** The kube-apiserver's port; controllers join at 9443. */
export const API_PORT = 6443;

/** What is ours below the cluster's folder on a host: tokens while they are used, snapshots, notes for a reset. */
export function ownFolder(home: string): string {
  return `${home}/k0s`;
}

/** Both services are installed with this path, so the file outlives its token. */
export function tokenFile(home: string): string {
  return `${ownFolder(home)}/join-token`;
}
