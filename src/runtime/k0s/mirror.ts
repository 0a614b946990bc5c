/** Which registry containers' images come from. */

import type { Host } from '../../hosts/host.ts';
import { installFiles } from '../../hosts/index.ts';
import { inParallel } from '../../parallel.ts';
import { restartService } from '../services/index.ts';
import { waitForController } from './bring-up.ts';
import { HOSTS_AT_A_TIME, type K0sCluster } from './cluster.ts';
import { containerdFiles, needsRestart } from './containerd-files.ts';
import { observeHost } from './observe.ts';
import { CONTROLLER } from './paths.ts';

/** Only releases before 1.27 have to be restarted, one at a time; the others watch their settings. */
export async function mirror(cluster: K0sCluster, hosts: readonly Host[]): Promise<void> {
  const { image, registry, home, signal } = cluster.context;
  const changed = await inParallel(hosts, HOSTS_AT_A_TIME, async (host) => {
    const { version, service, isRunning } = await observeHost(host, signal);
    // A member's own version counts until it is upgraded.
    const files = containerdFiles(service === undefined ? image.kubeVersion : (version ?? image.kubeVersion), registry);
    const paths = await installFiles(host, home, files, { signal });
    return isRunning && service !== undefined && needsRestart(paths) ? { host, service } : undefined;
  });
  for (const each of changed) {
    if (each === undefined) continue;
    await restartService(each.host, each.service, { signal, isDetached: true });
    if (each.service === CONTROLLER) await waitForController(cluster, each.host);
  }
}
