/** Making a host what it was before. */

import { SealerError } from '../../error.ts';
import type { Host } from '../../hosts/host.ts';
import { installedFiles, removeFiles } from '../../hosts/index.ts';
import { oneLine } from '../../kubernetes/fields.ts';
import { inParallel } from '../../parallel.ts';
import type { Departing } from '../runtime.ts';
import { stopService } from '../services/index.ts';
import { HOSTS_AT_A_TIME, type K0sCluster, say } from './cluster.ts';
import { CLEAN, NOTE_BEFORE } from './leftovers.ts';
import { CONTROLLER, IMAGES_FOLDER, K0S, ownFolder, WORKER } from './paths.ts';

const STOP_MS = 5 * 60_000;

/** Nodes first; then the masters, the first of them last. Who cannot be reached is left as it is. */
export async function reset(cluster: K0sCluster, hosts: readonly Departing[]): Promise<void> {
  const order = new Map(cluster.context.masters.map((host, i) => [host.address, i]));
  const nodes = hosts.filter(({ address }) => !order.has(address));
  const masters = hosts
    .filter(({ address }) => order.has(address))
    .toSorted((a, b) => (order.get(b.address) ?? 0) - (order.get(a.address) ?? 0));
  await inParallel(nodes, HOSTS_AT_A_TIME, (each) => resetOne(cluster, each));
  for (const each of masters) await resetOne(cluster, each);
}

/** Stops k0s; its containers go on until `cleanHost`. */
export async function stopK0s({ context: { signal } }: K0sCluster, host: Host): Promise<void> {
  await stopService(host, CONTROLLER, { signal, timeoutMs: STOP_MS });
  await stopService(host, WORKER, { signal, timeoutMs: STOP_MS });
}

/**
 * Takes everything off a host on which k0s does not run any more: what `k0s reset` removes (containers, its users, service and
 * data), what it leaves, and what we put there.
 * @throws SealerError COMMAND_FAILED if something stays
 */
export async function cleanHost({ context: { home, signal } }: K0sCluster, host: Host): Promise<void> {
  const reset = await host.exec({
    argv: ['sh', '-c', 'test ! -x "$1" || exec "$1" reset', 'sealer', K0S],
    allowFailure: true,
    signal,
  });
  // What it could not do, the program after it does: so its failure alone is none.
  const cleaned = await host.exec({
    argv: ['sh', '-c', CLEAN, 'sealer', notesOf(home)],
    allowFailure: true,
    signal,
  });
  if (cleaned.code !== 0) {
    throw new SealerError(
      'COMMAND_FAILED',
      `${host.label} could not be cleaned: ${oneLine(`${cleaned.stderr.slice(-400)} ${reset.stderr.slice(-400)}`)}`,
      { hint: 'Reboot the host, and run the same command again.' },
    );
  }
  // Others' files in the footprint (the registry's, say) are theirs to take away.
  const ours = (await installedFiles(host, home, { signal })).filter(isOurs);
  await removeFiles(host, home, ours.toReversed(), { signal });
  await host.exec({ argv: ['rm', '-rf', ownFolder(home)], signal });
}

/** Notes what is on a host before k0s comes. */
export async function noteBefore({ context: { home, signal } }: K0sCluster, host: Host): Promise<void> {
  await host.exec({ argv: ['sh', '-c', NOTE_BEFORE, 'sealer', notesOf(home)], signal });
}

async function resetOne(cluster: K0sCluster, { address, host }: Departing): Promise<void> {
  if (host === undefined) {
    const message = `${address} cannot be reached: k0s stays on it`;
    cluster.context.report({ type: 'note', level: 'warning', message });
    return;
  }
  say(cluster, `k0s leaves ${host.label}`);
  await stopK0s(cluster, host);
  await cleanHost(cluster, host);
}

function isOurs(path: string): boolean {
  return path === K0S || path.startsWith('/etc/k0s/') || path.startsWith(`${IMAGES_FOLDER}/`);
}

function notesOf(home: string): string {
  return `${ownFolder(home)}/before`;
}
