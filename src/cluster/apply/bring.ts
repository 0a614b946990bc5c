/** Steps that bring files to hosts: the image, the registry, what Config documents and templates make of the rootfs. */

import type { Host } from '../../hosts/host.ts';
import { inParallel } from '../../parallel.ts';
import type { RegistryAccess } from '../../runtime/runtime.ts';
import {
  applyOverlay,
  distribute,
  observeHosts,
  overlayDigest,
  planDistribution,
  readImage,
  rootfsFolder,
} from '../distribution/index.ts';
import type { Step } from '../plan/step.ts';
import { ensureRegistry, externalClient, pushLayers, registryPlaces } from '../registry/index.ts';
import { hostsOf, note, type Run, saveState } from './run.ts';
import { takeOverRegistry } from './take-over-registry.ts';

export async function bring(step: Step, run: Run): Promise<void> {
  const { world, image, home, desired, report, signal, fleet } = run;
  const { name, registry } = desired.clusterfile.cluster;
  await takeOverRegistry(run);
  const content = await readImage(world.store, image, signal);
  const hosts = hostsOf(run, step.hosts);
  const registryHosts = hostsOf(run, desired.registryHosts);
  // A registry host that lacks nothing gives to the others all the same.
  const all = [...new Set([...registryHosts, ...hosts])];
  const present = await observeHosts(content, all, { home, limit: fleet.limit, signal });
  const plan = planDistribution(content, { hosts: all, registryHosts, present });
  if (registry.kind === 'external' && !plan.isEmpty) {
    await using external = await externalClient(world.client, registry);
    run.sent += await pushLayers(content, name, registry, { client: external.client, report, signal });
  }
  const { sentByRunner } = await distribute(plan, {
    home,
    cluster: name,
    serve: (serving) => serve(run, serving, all),
    limit: fleet.limit,
    report,
    signal,
  });
  run.sent += sentByRunner;
  const isRegistry = new Set(desired.registryHosts);
  await inParallel(all, fleet.limit, (host) =>
    note(run, host, {
      rootfs: image.digest,
      // A fresh rootfs has no overlay.
      ...(isFresh(run, host) ? { overlay: 'none' } : {}),
      ...(isRegistry.has(host.address) ? { images: image.digest } : {}),
    }),
  );
}

function isFresh(run: Run, { address }: Host): boolean {
  return run.current.hosts.get(address)?.record.rootfs !== run.image.digest;
}

/** The cluster's own registry on its hosts, and everyone's knowledge of it. */
export async function runRegistry(step: Step, run: Run): Promise<void> {
  const { desired, fleet } = run;
  const hosts = hostsOf(run, step.hosts);
  await takeOverRegistry(run);
  await serve(run, hostsOf(run, desired.registryHosts), hosts);
  await inParallel(hosts, fleet.limit, (host) =>
    note(run, host, { registry: desired.hosts.get(host.address)?.registry }),
  );
  await saveState(run, { registryHosts: desired.registryHosts });
}

async function serve(run: Run, serving: readonly Host[], hosts: readonly Host[]): Promise<RegistryAccess> {
  const { desired, home, image, world, signal, fleet, registry } = run;
  const { cluster } = desired.clusterfile;
  if (cluster.registry.kind !== 'local') {
    const { ca } = cluster.registry;
    if (ca !== undefined) await inParallel(hosts, fleet.limit, (host) => trust(host, home, ca, signal));
    return registry;
  }
  const masters = [...new Set([...desired.masters, ...run.state.masters])];
  return await ensureRegistry({
    ...{ cluster: cluster.name, home, spec: cluster.registry, registryHosts: serving, hosts, signal },
    masters: hostsOf(
      run,
      masters.filter((address) => fleet.whyUnreachable(address) === undefined),
    ),
    rootfs: rootfsFolder(home, image.digest),
    mirrored: registry.mirrored,
    now: world.now,
    limit: fleet.limit,
  });
}

/** Who vouches for an external registry. */
async function trust(host: Host, home: string, ca: string, signal: AbortSignal): Promise<void> {
  // For root alone: other files in it are keys and passwords.
  await host.exec({ argv: ['mkdir', '-p', '-m', '0700', home], signal });
  await host.write(registryPlaces(home).authority, ca, { mode: 0o644, signal });
}

export async function configure(step: Step, run: Run): Promise<void> {
  const { home, image, overlay, fleet, signal } = run;
  const rootfs = rootfsFolder(home, image.digest);
  await inParallel(hostsOf(run, step.hosts), fleet.limit, async (host) => {
    const files = await overlay.filesFor(host.address);
    await applyOverlay(host, rootfs, files, overlayDigest(files), { signal });
    await note(run, host, { overlay: run.desired.hosts.get(host.address)?.overlay });
  });
}
