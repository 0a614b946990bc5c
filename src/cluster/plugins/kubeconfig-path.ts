/** Where the administrator's kubeconfig lies on a master. */

import type { Host } from '../../hosts/host.ts';

/** kubeadm's, k3s's and k0s's. */
const PATHS = ['/etc/kubernetes/admin.conf', '/etc/rancher/k3s/k3s.yaml', '/var/lib/k0s/pki/admin.conf'];

/** Undefined on hosts that have none. */
export async function kubeconfigOn(host: Host, signal: AbortSignal): Promise<string | undefined> {
  const program = 'for each; do if test -f "$each"; then echo "$each"; exit; fi; done';
  const { stdout } = await host.exec({ argv: ['sh', '-c', program, 'sealer', ...PATHS], signal });
  const path = stdout.trim();
  return path === '' ? undefined : path;
}
