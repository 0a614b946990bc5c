/** Snapshots of etcd. */

import { SealerError } from '../../error.ts';
import type { K3sCluster } from './cluster.ts';
import { say } from './cluster.ts';
import { K3S } from './paths.ts';

/**
 * Takes one on a server that works.
 * @returns its path there. To be restored, it needs the servers' secret of the time: `<home>/k3s/token`.
 */
export async function takeSnapshot(cluster: K3sCluster): Promise<string> {
  const { context, dataDir } = cluster;
  const { signal } = context;
  const host = await cluster.liveMaster();
  const name = `sealer-${new Date(context.now())
    .toISOString()
    .replace(/[^0-9]/g, '')
    .slice(0, 14)}`;
  const place = dataDir === '/var/lib/rancher/k3s' ? [] : ['--data-dir', dataDir];
  await host.exec({ argv: [K3S, 'etcd-snapshot', 'save', '--name', name, ...place], signal });
  // k3s adds the node and the time to the name.
  const folder = `${dataDir}/server/db/snapshots`;
  const { stdout } = await host.exec({
    argv: ['find', folder, '-maxdepth', '1', '-type', 'f', '-name', `${name}*`],
    signal,
  });
  const path = stdout.split('\n').toSorted().at(-1);
  if (path === undefined || path === '') {
    throw new SealerError('COMMAND_FAILED', `k3s took a snapshot on ${host.label}, but there is none in ${folder}`, {
      hint: 'Look at `k3s etcd-snapshot ls` there.',
    });
  }
  say(cluster, `${host.label}: snapshot of etcd in ${path}`);
  return path;
}
