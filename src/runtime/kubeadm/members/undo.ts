/** Making a host that is half a member none at all, so that it can be made anew. */

import type { Host } from '../../../hosts/host.ts';
import { stopService } from '../../services/index.ts';
import { type Driver, etcdFolder } from '../driver.ts';
import { CRI_SOCKET, ETCD_FOLDER, KUBELET_CONF, MANIFESTS } from '../places.ts';
import { runKubeadm } from '../run-kubeadm.ts';

/** What kubeadm's reset leaves, and its preflight checks stumble over. */
const REST = [
  ETCD_FOLDER,
  MANIFESTS,
  KUBELET_CONF,
  '/etc/kubernetes/bootstrap-kubelet.conf',
  '/var/lib/kubelet/config.yaml',
];

/** `kubeadm reset` of one host. Its warnings are its own matter: what has to hold is checked by whoever calls. */
export async function resetHost(driver: Driver, host: Host): Promise<void> {
  const { signal } = driver;
  await runKubeadm(driver, host, ['reset', '--force', `--cri-socket=${CRI_SOCKET}`], {
    allowFailure: true,
    timeoutMs: 10 * 60_000,
  });
  await stopService(host, 'kubelet', { signal });
  const program =
    'for path in "$@"; do test ! -d "$path" || find "$path" -mindepth 1 -delete; test -d "$path" || rm -f "$path"; done';
  await host.exec({ argv: ['sh', '-c', program, 'sealer', ...REST], signal, allowFailure: true });
  const etcd = etcdFolder(await driver.settings());
  if (etcd !== ETCD_FOLDER) await host.exec({ argv: ['rm', '-rf', `${etcd}/member`], signal, allowFailure: true });
}
