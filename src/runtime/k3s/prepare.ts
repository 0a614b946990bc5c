/** What a host has before k3s runs on it: the program, its other names, images, and where registries are mirrored to. */

import { type FootprintFile, installFiles } from '../../hosts/footprint/index.ts';
import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import type { RuntimeImage } from '../runtime.ts';
import { serviceState, startService, stopService } from '../services/index.ts';
import { rememberBefore } from './before.ts';
import { HOSTS_AT_A_TIME, type K3sCluster, say } from './cluster.ts';
import { K3S, LINKS, REGISTRIES_FILE } from './paths.ts';
import { PRELOAD } from './preload-program.ts';
import { registriesYaml } from './registries.ts';
import { DEFAULT_ROUTE, type K3sRole, serviceName } from './services.ts';
import { waitUntilUp } from './wait-until-up.ts';

/** Brings everything onto hosts; nothing is started. */
export async function prepareHosts(cluster: K3sCluster, hosts: readonly Host[]): Promise<void> {
  await inParallel(hosts, HOSTS_AT_A_TIME, async (host) => {
    await rememberBefore(host, cluster.files, cluster.context.signal);
    await installProgram(cluster, host, cluster.context.image);
    await installFiles(host, cluster.context.home, [registriesFile(cluster)], { signal: cluster.context.signal });
  });
}

/** The program of an image and its images. A program that runs is replaced by a rename, and goes on until a restart. */
export async function installProgram(cluster: K3sCluster, host: Host, image: RuntimeImage): Promise<void> {
  const { context, dataDir, files } = cluster;
  const { home, signal } = context;
  const argv = ['sh', '-c', PRELOAD, 'sealer', image.rootfs, dataDir, ...LINKS] as const;
  const free = (await host.exec({ argv, signal })).stdout.split('\n').filter((name) => name !== '');
  await host.write(files.defaultRoute, DEFAULT_ROUTE, { mode: 0o700, signal });
  const links = free.map(
    (name): FootprintFile => ({ path: `/usr/local/bin/${name}`, mode: 0o777, content: { linkTo: 'k3s' } }),
  );
  const program: FootprintFile = { path: K3S, mode: 0o755, content: { copyOf: `${image.rootfs}/bin/k3s` } };
  await installFiles(host, home, [program, ...links], { signal });
}

/** Writes mirrors; k3s reads them at its start, so members are started again, servers one at a time. */
export async function mirrorHosts(cluster: K3sCluster, hosts: readonly Host[]): Promise<void> {
  const { context } = cluster;
  const { home, signal } = context;
  const running = await inParallel(hosts, HOSTS_AT_A_TIME, async (host) => {
    const changed = await installFiles(host, home, [registriesFile(cluster)], { signal });
    if (changed.length === 0) return [];
    const states = await inParallel(['server', 'agent'] as const, 1, async (role) => ({
      host,
      role,
      state: await serviceState(host, serviceName(role), { signal }),
    }));
    return states.filter(({ state }) => state === 'active' || state === 'starting');
  });
  const of = (wanted: K3sRole): readonly Host[] =>
    running.flat().flatMap(({ host, role }) => (role === wanted ? [host] : []));
  for (const host of of('server')) await restart(cluster, host, 'server');
  await inParallel(of('agent'), HOSTS_AT_A_TIME, (host) => restart(cluster, host, 'agent'));
}

/** Starts k3s again under its containers, and waits until it is as it was. */
export async function restart(cluster: K3sCluster, host: Host, role: K3sRole, version?: string): Promise<void> {
  say(cluster, `${host.label}: restarting ${serviceName(role)}`);
  await restartK3s(cluster, host, role);
  await waitUntilUp(cluster, host, role, { version });
}

/** Begins a restart; when this returns, the old k3s is gone, and what answers is the new one. */
export async function restartK3s({ context }: K3sCluster, host: Host, role: K3sRole): Promise<void> {
  const { signal } = context;
  await stopService(host, serviceName(role), { signal });
  await startService(host, serviceName(role), { isDetached: true, signal });
}

function registriesFile({ context }: K3sCluster): FootprintFile {
  return { path: REGISTRIES_FILE, mode: 0o600, content: registriesYaml(context.registry) };
}
