/** Taking k3s off a host: what its own killall and uninstall scripts do (k3s: install.sh), and what they leave. */

import { removeFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { initOf, reloadServices, servicePaths, stopService } from '../services/index.ts';
import type { K3sCluster } from './cluster.ts';
import { CONFIG_FILE, K3S, LINKS, REGISTRIES_FILE } from './paths.ts';
import { ROUTE_METRIC, serviceName } from './services.ts';
import { WIPE } from './wipe-program.ts';

/** Stops k3s on a host, whichever it is; its containers go on. */
export async function stopK3s({ context }: K3sCluster, host: Host): Promise<void> {
  for (const role of ['server', 'agent'] as const) {
    await stopService(host, serviceName(role), { signal: context.signal });
  }
}

/**
 * Stops k3s and its containers, and takes everything of both away: data, links, rules, mounts, and the files that this
 * driver installed. Nothing of other services is touched, whatever their names.
 */
export async function wipe(cluster: K3sCluster, host: Host): Promise<void> {
  const { context, dataDir, files } = cluster;
  const { home, signal } = context;
  await stopK3s(cluster, host);
  const argv = ['sh', '-c', WIPE, 'sealer', dataDir, files.folder, ROUTE_METRIC] as const;
  await host.exec({ argv, signal });
  const init = await initOf(host);
  const units = (['server', 'agent'] as const).flatMap((role) => {
    const { file, link } = servicePaths(init, serviceName(role));
    return [link, file];
  });
  const links = LINKS.map((name) => `/usr/local/bin/${name}`);
  await removeFiles(host, home, [...units, CONFIG_FILE, REGISTRIES_FILE, ...links, K3S], { signal });
  // What k3s itself wrote beside our files: its kubeconfig went before them, so the folders are empty now, if they were ours.
  await host.exec({ argv: ['sh', '-c', TIDY, 'sealer'], signal });
  await reloadServices(host, { signal });
}

const TIDY = `
rm -f /var/log/k3s.log /var/log/k3s-agent.log
for folder in /etc/rancher/k3s /etc/rancher/node /etc/rancher /var/lib/rancher /usr/libexec/kubernetes; do
  rmdir "$folder" 2>/dev/null
done
exit 0
`;
